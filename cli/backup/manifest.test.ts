import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Manifest, manifestText, readManifest } from './manifest.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'manifest-'));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

const manifest: Omit<Manifest, 'format'> = {
  version: '0.2.0',
  engine: 'host',
  at: '2026-11-28T12:00:00.000Z',
  stackPrefix: null,
  parts: ['.env', 'control'],
};

function read(text: string, found: readonly string[] = manifest.parts): Manifest {
  writeFileSync(join(directory, 'manifest.json'), text);
  return readManifest(directory, found);
}

describe('the manifest of a backup', () => {
  it('is read as it was written', () => {
    expect(read(manifestText(manifest))).toEqual({ format: 1, ...manifest });
  });

  it('must be there', () => {
    expect(() => readManifest(directory, [])).toThrow('this is no backup');
  });

  it.each([
    ['is no JSON', 'x', 'this is no backup'],
    ['is of another format', manifestText(manifest).replace('"format": 1', '"format": 2'), 'format of manifest.json'],
    ['names an unknown part', manifestText(manifest).replace('"control"', '"log"'), 'parts.1 of manifest.json'],
    ['has no time', manifestText({ ...manifest, at: 'today' }), 'at of manifest.json'],
  ])('that %s is refused', (_, text, message) => {
    expect(() => read(text)).toThrow(message);
  });

  it('names exactly what the archive has', () => {
    expect(() => read(manifestText(manifest), ['.env'])).toThrow('not complete: control is missing');
    expect(() => read(manifestText(manifest), ['.env', 'control', 'acme'])).toThrow('has acme');
  });
});
