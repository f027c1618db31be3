import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { utcTime } from '../../report/figures.ts';
import { SettingsError } from '../../settings/read.ts';
import { packState, partsIn, unpack } from '../backup/archive.ts';
import { contentsOf, envFiles } from '../backup/contents.ts';
import { filesOutside, restoreEnvFiles } from '../backup/env-files.ts';
import { type Manifest, readManifest } from '../backup/manifest.ts';
import { inStaging } from '../backup/staging.ts';
import { sameEngine } from '../engine/choose.ts';
import { type Engine, stateParts } from '../engine/engine.ts';
import { readStack, type Stack } from '../stack/stack.ts';
import { CommandError } from '../terminal/command-error.ts';
import { print, table, warning } from '../terminal/terminal.ts';
import { refuseUnlessForced } from './switch.ts';

export interface RestoreOptions {
  /** Replace the state of a stack that has one. */
  readonly force: boolean;
  /** Restore the state only, for a stack that has ports and a prefix of its own. */
  readonly keepEnv: boolean;
}

/**
 * Puts settings, state and certificates of a backup in place. It can be one of the other engine.
 * @throws {CommandError} if the stack runs; if it has state, unless forced; and if the archive has anything that no backup has
 */
export async function restore(stack: Stack, engine: Engine, name: string, options: RestoreOptions): Promise<void> {
  const file = resolve(name);
  if (!existsSync(file)) throw new CommandError(`there is no ${file}`, { code: 'MISUSE' });
  await inStaging(async (directory) => {
    const contents = join(directory, 'contents');
    mkdirSync(contents);
    const [fault] = await unpack(file, contents);
    if (fault !== undefined) throw new CommandError(`${file} is refused, nothing was restored: ${fault}`);
    const manifest = readManifest(contents, partsIn(contents));
    const target = options.keepEnv ? stack : stackOf(stack, contents);
    const targetEngine = sameEngine(engine, target);
    await refuseIfInUse([engine, targetEngine], options);
    const state = join(directory, 'state.tar');
    const found = stateParts.filter((part) => manifest.parts.includes(part));
    await packState(contents, found, state);
    for (const kept of options.keepEnv ? [] : restoreEnvFiles(target, contents))
      print(`the file that was there is now ${kept}`);
    await targetEngine.restoreState(state, found);
    report(manifest, target, options);
  });
}

/** The stack as it is with the settings of the backup. */
function stackOf(stack: Stack, contents: string): Stack {
  const path = join(contents, '.env');
  // A stack without an env file has the defaults.
  if (!existsSync(path)) writeFileSync(path, '');
  try {
    return { ...readStack(path), envFile: stack.envFile };
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    throw new CommandError(`the settings of the backup cannot be used here:\n${error.message}`, {
      next: 'put files that they name in place, or use --keep-env to keep the settings that are here',
    });
  }
}

async function refuseIfInUse(engines: readonly Engine[], { force }: RestoreOptions): Promise<void> {
  for (const engine of engines) {
    if (!(await engine.isUp())) continue;
    throw new CommandError(`the stack is running on the ${engine.name} engine`, { next: './bluegreen down' });
  }
  const parts = (await engines.at(-1)?.stateParts()) ?? [];
  if (parts.length === 0) return;
  refuseUnlessForced(`the stack already has state (${parts.join(', ')}), which would be lost`, {
    force,
    next: 'use --force to replace it, after a ./bluegreen backup if in doubt',
  });
}

function report({ version, engine, at, parts }: Manifest, target: Stack, { keepEnv }: RestoreOptions): void {
  const restored = parts.filter((part) => !(keepEnv && (envFiles as readonly string[]).includes(part)));
  print(
    table(
      ['PART', 'WHAT'],
      restored.map((part) => [part, contentsOf[part]]),
    ),
  );
  print(`restored from a backup of ${utcTime(Date.parse(at))}, made by version ${version} on the ${engine} engine`);
  const missing = filesOutside(target).filter((path) => !existsSync(resolve(target.root, path)));
  if (missing.length > 0) warning(`settings name files that are not here: ${missing.join(', ')}`);
  print('Next: ./bluegreen up');
}
