import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import manifest from '../../package.json' with { type: 'json' };
import { pack, partsIn, unpack } from '../backup/archive.ts';
import { contentsOf, manifestName } from '../backup/contents.ts';
import { filesOutside, saveEnvFiles } from '../backup/env-files.ts';
import { manifestText } from '../backup/manifest.ts';
import { inStaging } from '../backup/staging.ts';
import type { Engine } from '../engine/engine.ts';
import type { Stack } from '../stack/stack.ts';
import { CommandError } from '../terminal/command-error.ts';
import { print, table, warning } from '../terminal/terminal.ts';

/**
 * Writes settings, state and certificates into one archive. The stack may run meanwhile: its programs replace files atomically, and
 * append only whole lines to the journal.
 * @throws {CommandError} if the file exists, unless forced, or if the stack has no state
 */
export async function backup(stack: Stack, engine: Engine, name: string, options: { force: boolean }): Promise<void> {
  const file = resolve(name);
  if (existsSync(file) && !options.force) {
    throw new CommandError(`${file} exists already`, { next: 'name another file, or use --force' });
  }
  await inStaging(async (directory) => {
    if ((await engine.stateParts()).length === 0) {
      throw new CommandError(`there is no state on the ${engine.name} engine to back up`, { next: './bluegreen up' });
    }
    const state = join(directory, 'state.tar');
    const contents = join(directory, 'contents');
    mkdirSync(contents);
    await engine.saveState(state);
    for (const fault of await unpack(state, contents)) warning(`left out: ${fault}`);
    saveEnvFiles(stack, contents);
    const parts = partsIn(contents);
    const text = manifestText({
      version: manifest.version,
      engine: engine.name,
      at: new Date().toISOString(),
      stackPrefix: stack.settings.STACK_PREFIX ?? null,
      parts: [...parts],
    });
    writeFileSync(join(contents, manifestName), text);
    await pack(contents, parts, file);
    print(
      table(
        ['PART', 'WHAT'],
        parts.map((part) => [part, contentsOf[part]]),
      ),
    );
  });
  const outside = filesOutside(stack);
  if (outside.length > 0) warning(`not in it, because they are files of yours: ${outside.join(', ')}`);
  print(
    `${file} has ${Math.ceil(statSync(file).size / 1_024)} KB. It contains secrets and private keys: keep it as safe as those.`,
  );
}
