import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import manifest from '../package.json' with { type: 'json' };
import { root } from './stack.ts';

const contents = (path: string) => readFileSync(join(root, path), 'utf8');

describe('the version', () => {
  it('is that of package.json wherever it is written', () => {
    const lock = JSON.parse(contents('package-lock.json'));
    expect([lock.version, lock.packages[''].version]).toEqual([manifest.version, manifest.version]);
    expect(contents('VERSION')).toBe(`${manifest.version}\n`);
  });

  it('is printed by ./bluegreen --version', () => {
    const printed = execFileSync(join(root, 'bluegreen'), ['--version'], { encoding: 'utf8' });
    expect(printed).toBe(`${manifest.version}\n`);
  });

  it('is the first one in CHANGELOG.md', () => {
    const [, first] = /^## (\S+?)(?:, unreleased)?$/m.exec(contents('CHANGELOG.md')) ?? [];
    expect(first).toBe(manifest.version);
  });
});
