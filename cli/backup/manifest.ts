import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { CommandError } from '../terminal/command-error.ts';
import { manifestName, parts } from './contents.ts';

/** Increased when older versions can no longer restore what a backup has. */
const format = 1;

const schema = z.object({
  format: z.literal(format),
  /** The version that made the backup. */
  version: z.string().max(40),
  engine: z.enum(['compose', 'host']),
  at: z.iso.datetime(),
  /** STACK_PREFIX; null if it is not set. */
  stackPrefix: z.string().max(40).nullable(),
  parts: z.array(z.enum(parts)),
});

export type Manifest = z.output<typeof schema>;

export function manifestText(manifest: Omit<Manifest, 'format'>): string {
  return `${JSON.stringify({ format, ...manifest }, undefined, 2)}\n`;
}

/**
 * Reads the manifest of an unpacked archive.
 * @param found the parts that are really there
 * @throws {CommandError} if there is none, if it is of another format, or if it names other parts
 */
export function readManifest(directory: string, found: readonly string[]): Manifest {
  let body: unknown;
  try {
    body = JSON.parse(readFileSync(join(directory, manifestName), 'utf8'));
  } catch (cause) {
    throw new CommandError(`this is no backup: it has no ${manifestName} that can be read`, { cause });
  }
  const { data: manifest, error } = schema.safeParse(body);
  if (manifest === undefined) {
    const fault = error.issues[0];
    throw new CommandError(
      `this version cannot restore the backup: ${fault?.path.join('.')} of ${manifestName}: ${fault?.message}`,
      { next: 'if a newer version has made it, restore it with that version' },
    );
  }
  const missing = manifest.parts.filter((part) => !found.includes(part));
  const surplus = found.filter((part) => !(manifest.parts as readonly string[]).includes(part));
  if (missing.length > 0) throw new CommandError(`the backup is not complete: ${missing.join(', ')} is missing`);
  if (surplus.length > 0)
    throw new CommandError(`the backup has ${surplus.join(', ')}, which its manifest does not name`);
  return manifest;
}
