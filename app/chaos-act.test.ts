import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type SpawnedApp, spawnApp } from '../test/spawned-app.ts';

let app: SpawnedApp;

beforeAll(async () => {
  app = await spawnApp({ APP_POOL: 'blue' });
});

afterAll(() => {
  app.process.kill('SIGKILL');
});

const start = (query: string) => fetch(`${app.origin}/chaos/start?${query}`, { method: 'POST' });

describe('a chaos act', () => {
  test('block: no request is answered for the given seconds, then all are', async () => {
    const began = performance.now();
    const started = await start('mode=block&seconds=1');
    expect(await started.json()).toEqual({ message: "Simulation mode 'block' activated" });
    const answers = await Promise.all([1, 2, 3].map(() => fetch(`${app.origin}/version`)));
    expect(performance.now() - began).toBeGreaterThan(950);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  test.each(['0', '61', 'a', '-1'])('block: "%s" seconds is a 400 and nothing happens', async (seconds) => {
    const began = performance.now();
    const response = await start(`mode=block&seconds=${seconds}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ message: 'seconds: expected a whole number from 1 to 60' });
    expect((await fetch(`${app.origin}/version`)).status).toBe(200);
    expect(performance.now() - began).toBeLessThan(900);
  });

  test('oom: is refused outside a container of its own, because the memory belongs to the machine', async () => {
    const response = await start('mode=oom');
    expect(response.status).toBe(409);
    expect(await response.json()).toEqual({
      status: 'error',
      message: 'oom: this app is not the main process of a container of its own',
    });
    expect((await fetch(`${app.origin}/version`)).status).toBe(200);
  });
});
