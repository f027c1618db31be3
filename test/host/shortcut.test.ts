import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { request } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../condition.ts';
import { type Edge, startEdge } from '../edge.ts';
import { setGuarded } from '../guarded.ts';

let edge: Edge;

beforeEach(async () => {
  edge = await startEdge();
  setGuarded(edge);
});

afterEach(() => edge.close());

const plainFiles = () => readdirSync(edge.controlDir).filter((name) => name.startsWith('plain.'));

async function answer(headers: Record<string, string> = {}) {
  const { statusCode, headers: answered, body } = await request(edge.url, { headers });
  await body.dump();
  return answered['x-app-pool'] ?? statusCode;
}

async function run(...verb: string[]) {
  expect(await edge.verb(...verb)).toMatchObject({ exitCode: 0 });
}

const inCanary = { Cookie: 'bluegreen_bucket=00' };

describe('plain.POOL', () => {
  it('is there if the pool is active without maintenance and canary, after every verb', async () => {
    expect(plainFiles()).toEqual(['plain.blue']);
    await run('switch', 'green');
    expect([plainFiles(), await answer()]).toEqual([['plain.green'], 'green']);
    await run('maintenance', 'on');
    expect([plainFiles(), await answer()]).toEqual([[], 503]);
    await run('switch', 'blue');
    expect([plainFiles(), await answer()]).toEqual([[], 503]);
    await run('maintenance', 'off');
    expect([plainFiles(), await answer()]).toEqual([['plain.blue'], 'blue']);
    await run('canary', '1');
    expect([plainFiles(), await answer(inCanary), await answer()]).toEqual([[], 'green', 'blue']);
    await run('canary', 'off');
    expect([plainFiles(), await answer(inCanary)]).toEqual([['plain.blue'], 'blue']);
    await run('canary', '1');
    await run('switch', 'green');
    expect([plainFiles(), await answer(inCanary)]).toEqual([['plain.green'], 'green']);
  });

  it('is not needed: without it, every flag is read', async () => {
    await run('switch', 'green');
    for (const name of ['plain.green', 'both.up', 'prober.alive']) {
      rmSync(join(edge.controlDir, name), { force: true });
      expect(await answer()).toBe('green');
    }
  });

  it('gives way to flags that are changed by hand, within a second', async () => {
    const flag = (name: string) => join(edge.controlDir, name);
    writeFileSync(flag('active.green'), '');
    await eventually('green', async () => (await answer()) === 'green');
    writeFileSync(flag('maintenance'), '');
    await eventually('the maintenance page', async () => (await answer()) === 503);
    rmSync(flag('maintenance'));
    rmSync(flag('active.green'));
    await eventually('blue', async () => (await answer()) === 'blue');
    await eventually('the short way', () => plainFiles().join() === 'plain.blue');
  });

  it('is right after verbs that ran at the same time', async () => {
    for (let round = 0; round < 10; round++) {
      const on = round % 2 === 0;
      await Promise.all([
        run('maintenance', on ? 'on' : 'off'),
        run('canary', on ? '1' : 'off'),
        run('maintenance', on ? 'on' : 'off'),
      ]);
      expect([plainFiles(), await answer()]).toEqual(on ? [[], 503] : [['plain.blue'], 'blue']);
    }
  });

  it('is corrected when the edge starts, whatever was left behind', async () => {
    const { controlDir } = edge;
    await run('maintenance', 'on');
    writeFileSync(join(controlDir, 'plain.blue'), '');
    writeFileSync(join(controlDir, 'plain.green'), '');
    edge.process.kill('SIGKILL');
    const next = await startEdge({ CONTROL_DIR: controlDir });
    try {
      expect(plainFiles()).toEqual([]);
      expect((await request(next.url)).statusCode).toBe(503);
    } finally {
      await next.close();
    }
  });
});
