import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { create, extract, type ReadEntry } from 'tar';
import { CommandError } from '../terminal/command-error.ts';
import { messageOf } from '../terminal/terminal.ts';
import { entryJudge, isTransient, manifestName, type Part, parts } from './contents.ts';

/**
 * Unpacks files and directories of the known parts, and nothing else, into an empty directory. Everything is owned by this account.
 * @returns what was left out, and why
 * @throws {CommandError} if it is not an archive, or if it is damaged
 */
export async function unpack(file: string, into: string): Promise<readonly string[]> {
  const judge = entryJudge();
  const faults: string[] = [];
  try {
    await extract({
      file,
      cwd: into,
      strict: true,
      preserveOwner: false,
      filter: (path, entry) => {
        if (isTransient(path)) return false;
        const { type, size } = entry as ReadEntry;
        const fault = judge({ path, type, size });
        if (fault !== undefined) faults.push(fault);
        return fault === undefined;
      },
    });
  } catch (cause) {
    throw new CommandError(`${file} cannot be unpacked: ${messageOf(cause)}`, { cause });
  }
  return faults;
}

/** The parts in an unpacked archive that have something in them. */
export function partsIn(directory: string): readonly Part[] {
  return parts.filter((part) => {
    const path = join(directory, part);
    if (!existsSync(path)) return false;
    return statSync(path).isFile() || readdirSync(path).length > 0;
  });
}

/** Packs parts without compression, for an engine. */
export async function packState(directory: string, names: readonly Part[], file: string): Promise<void> {
  await create({ file, cwd: directory, portable: true }, [...names]);
}

/** Packs the parts and their manifest. The archive is there as a whole or not at all, for the eyes of this account only. */
export async function pack(directory: string, names: readonly Part[], file: string): Promise<void> {
  const temporary = `${file}.${process.pid}.new`;
  try {
    await create({ file: temporary, mode: 0o600, cwd: directory, portable: true, gzip: true }, [
      manifestName,
      ...names,
    ]);
    const handle = await open(temporary, 'r');
    await handle.sync().finally(() => handle.close());
    renameSync(temporary, file);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw new CommandError(`cannot write ${file}: ${messageOf(cause)}`, { cause });
  }
}
