import { chmodSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { challengePath } from './challenge-probe.ts';
import type { Config } from './config.ts';
import { liveDirectory } from './live-file.ts';

/** A challenge is answered within minutes. */
const staleAfterMs = 60 * 60 * 1_000;

/** lego's own files, apart for each CA, so that a certificate of a test CA is never renewed by another one. */
export function legoDirectory(tlsDirectory: string, directoryUrl: string): string {
  return join(tlsDirectory, 'lego', directoryUrl.replace(/^https?:\/\//, '').replaceAll(/[^A-Za-z0-9.-]+/g, '_'));
}

/** Makes the directories, for the group of the edge to read, and removes challenges that a killed lego left behind. */
export function prepareDirectories({ tlsDirectory, publicDirectory, source }: Config, nowMs: number): void {
  const live = join(tlsDirectory, liveDirectory);
  const challenges = join(publicDirectory, challengePath);
  make(live, 0o750);
  make(challenges, 0o755);
  if (source.kind === 'acme') make(legoDirectory(tlsDirectory, source.directoryUrl), 0o700);
  for (const name of readdirSync(challenges)) {
    const path = join(challenges, name);
    const changedMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? nowMs;
    if (nowMs - changedMs > staleAfterMs) rmSync(path, { recursive: true, force: true });
  }
}

function make(path: string, mode: number): void {
  mkdirSync(path, { recursive: true });
  chmodSync(path, mode);
}
