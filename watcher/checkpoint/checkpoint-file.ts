import { readFileSync, renameSync, statSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { errorCode } from '../../system/error-code.ts';
import { parseCompact, stringifyCompact } from './compact.ts';

/** Version of the file format. The state inside may gain fields without a new version: see restore.ts. */
const version = 1;
const magic = 'bluegreen-watcher-checkpoint';
/** A checkpoint is always smaller. A larger file is not read. */
const maxBytes = 256 * 1024 * 1024;

/** The result of loading: a body, nothing, or the reason why the file cannot be used. */
export type Loaded =
  | { readonly found: 'body'; readonly body: unknown }
  | { readonly found: 'nothing' }
  | { readonly found: 'unusable'; readonly reason: string };

/**
 * A file that is replaced atomically, so that a crash leaves either the old or the new content: a line with version, length
 * and checksum, then the body as JSON.
 */
export class CheckpointFile {
  readonly path: string;
  readonly #directory: string;

  constructor(directory: string, name = 'checkpoint.json') {
    this.#directory = directory;
    this.path = join(directory, name);
  }

  /** Never throws. A file that cannot be used is renamed, so that it can be inspected. */
  load(): Loaded {
    try {
      const stats = statSync(this.path, { throwIfNoEntry: false });
      if (stats === undefined) return { found: 'nothing' };
      if (!stats.isFile()) return { found: 'unusable', reason: 'not a regular file' };
      if (stats.size > maxBytes) return this.#unusable('too large');
      const content = decode(readFileSync(this.path));
      return 'reason' in content ? this.#unusable(content.reason) : { found: 'body', body: content.body };
    } catch (error) {
      return { found: 'unusable', reason: errorCode(error) ?? 'unknown error' };
    }
  }

  /** Renames the file if its body turns out to be unusable. */
  setAside(): void {
    try {
      renameSync(this.path, `${this.path}.corrupt`);
    } catch {
      // On a read-only file system, the file stays and is rejected again at the next start.
    }
  }

  /** @throws the file system's error, such as ENOSPC, EROFS or EACCES */
  async save(body: unknown): Promise<void> {
    const bytes = encode(body);
    const temporary = `${this.path}.tmp`;
    try {
      await writeAndSync(temporary, bytes).catch(async (error: unknown) => {
        if (errorCode(error) !== 'ENOENT') throw error;
        await makeDirectory(this.#directory);
        await writeAndSync(temporary, bytes);
      });
      await rename(temporary, this.path);
    } catch (error) {
      // The temporary file would take space on a full disk.
      await rm(temporary, { force: true }).catch(() => undefined);
      throw error;
    }
    // Without this, a power loss can undo the rename.
    const directory = await open(dirname(this.path), 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }

  #unusable(reason: string): Loaded {
    this.setAside();
    return { found: 'unusable', reason };
  }
}

export function encode(body: unknown): Buffer {
  const json = Buffer.from(stringifyCompact(body));
  const head = { format: magic, version, bytes: json.length, crc32: crc32(json) };
  return Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), json]);
}

export function decode(bytes: Buffer): { readonly body: unknown } | { readonly reason: string } {
  const end = bytes.indexOf('\n');
  const head = end < 0 || end > 1_024 ? undefined : headOf(bytes.toString('utf8', 0, end));
  if (head?.format !== magic) return { reason: 'not a checkpoint' };
  if (head.version !== version) return { reason: `version ${String(head.version)}, expected ${version}` };
  const json = bytes.subarray(end + 1);
  if (head.bytes !== json.length) return { reason: 'wrong length' };
  if (head.crc32 !== crc32(json)) return { reason: 'wrong checksum' };
  try {
    return { body: parseCompact(json.toString('utf8')) };
  } catch {
    return { reason: 'invalid JSON' };
  }
}

function headOf(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const head: unknown = JSON.parse(line);
    return typeof head === 'object' && head !== null ? { ...head } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Creates a directory and its parents. mkdir's `recursive` option never returns if the parent cannot contain directories, as
 * in /proc.
 */
async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return;
    if (errorCode(error) !== 'ENOENT' || dirname(path) === path) throw error;
    await makeDirectory(dirname(path));
    await mkdir(path, { mode: 0o700 });
  }
}

async function writeAndSync(path: string, bytes: Buffer): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}
