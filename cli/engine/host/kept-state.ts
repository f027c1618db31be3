import { existsSync, readdirSync, rmSync, type Stats } from 'node:fs';
import { create, extract } from 'tar';
import { type StatePart, stateParts } from '../engine.ts';
import type { StateDirectory } from './state-directory.ts';

/** A file that is replaced while it is read makes an attempt fail. */
const attempts = 5;

/** The parts with something in them: the directories are made at the first start. */
export function partsOf({ pathOf }: StateDirectory): readonly StatePart[] {
  return stateParts.filter((part) => existsSync(pathOf(part)) && readdirSync(pathOf(part)).length > 0);
}

/** Writes the parts into a tar file. What is neither a file nor a directory is left out. */
export async function saveParts(state: StateDirectory, file: string): Promise<void> {
  const options = {
    file,
    cwd: state.path,
    portable: true,
    filter: (_: string, found: object) => (found as Stats).isFile() || (found as Stats).isDirectory(),
  };
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await create(options, [...partsOf(state)]);
    } catch (error) {
      if (attempt === attempts) throw error;
    }
  }
}

/** Replaces the parts by those in a tar file. They are owned by this account, as it runs the services. */
export async function restoreParts(state: StateDirectory, file: string): Promise<void> {
  for (const part of stateParts) rmSync(state.pathOf(part), { recursive: true, force: true });
  state.create();
  await extract({ file, cwd: state.path, strict: true, preserveOwner: false });
}
