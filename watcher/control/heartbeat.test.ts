import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Heartbeat } from './heartbeat.ts';

let directory: string;
let file: string;
let heartbeat: Heartbeat;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'heartbeat-'));
  file = join(directory, 'prober.alive');
  heartbeat = new Heartbeat(file);
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** @param atS differs at each beat */
function beat(atS: number): void {
  writeFileSync(file, `beat ${atS}`);
  utimesSync(file, atS, atS);
}

describe('the heartbeat of the prober', () => {
  it('shows a living one as long as the file changes', () => {
    expect(heartbeat.isAlive(0)).toBe(false);
    for (const [index, nowMs] of [400, 800, 2_300].entries()) {
      beat(index);
      expect(heartbeat.isAlive(nowMs)).toBe(true);
    }
    expect(heartbeat.isAlive(3_899)).toBe(true);
    expect(heartbeat.isAlive(3_900)).toBe(false);
    beat(9);
    expect(heartbeat.isAlive(4_000)).toBe(true);
  });

  it('shows none without the file, or if a full disk left it empty', () => {
    beat(1);
    expect(heartbeat.isAlive(0)).toBe(true);
    writeFileSync(file, '');
    expect(heartbeat.isAlive(1)).toBe(false);
    rmSync(file);
    expect(heartbeat.isAlive(2)).toBe(false);
  });
});
