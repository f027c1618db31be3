import { appendFileSync, chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Hands, outputOf } from './hands.ts';
import { countRetried } from './play.ts';
import { otherScenarios } from './rest.ts';
import type { Stage } from './scenario.ts';

let folder: string;
let control: string;
let log: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bluegreen-hands-'));
  control = join(folder, 'control');
  log = join(folder, 'access.log');
  mkdirSync(control);
  chmodSync(control, 0o775);
  writeFileSync(log, '');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const onEdge = (script: string) =>
  outputOf({ command: ['/bin/sh', '-c', script], env: { ...process.env, LOG: log, CONTROL: control } });

describe('scripts that a proof runs in the edge', () => {
  it('finds out whether the control volume can be read-only, and restores it in the same script', async () => {
    let calls = 0;
    const once = async (script: string) => {
      calls++;
      if (calls > 1) throw new Error('the proof was killed');
      return onEdge(script);
    };
    const scenario = otherScenarios.find(({ name }) => name === 'control-read-only');
    const stage = { isDemo: true, hands: { onEdge: once } } as unknown as Stage;
    await scenario?.skipReason?.(stage).catch(() => undefined);
    expect(statSync(control).mode & 0o777).toBe(0o775);
  });

  it('counts retried requests in every rotated log, but none of another load', async () => {
    const line = (agent: string, status: string) => `upstream_status="${status}" user_agent="${agent}"\n`;
    for (const path of [log, `${log}.1`, `${log}.2`, `${log}.3`]) {
      appendFileSync(path, line('mine', '502, 200') + line('mine', '200') + line('other', '502, 200'));
    }
    expect(await countRetried({ onEdge } as Hands, 'mine')).toBe(4);
    rmSync(`${log}.2`);
    rmSync(`${log}.1`);
    rmSync(`${log}.3`);
    expect(await countRetried({ onEdge } as Hands, 'mine')).toBe(1);
  });
});
