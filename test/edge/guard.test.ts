import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { request } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../condition.ts';
import { type Edge, startEdge } from '../edge.ts';
import { keepGuarded, setGuarded } from '../guarded.ts';
import { withStatus } from '../stand-in-pool.ts';

let edge: Edge;
let stopBeating: () => void;

async function ask(headers: Record<string, string> = {}, method: 'GET' | 'POST' = 'GET') {
  const answer = await request(edge.url, { headers, method });
  await answer.body.dump();
  return { status: answer.statusCode, pool: answer.headers['x-app-pool'] };
}

const isGuarded = async () => JSON.parse((await edge.verb('status')).stdout).prober as boolean;

async function poolsOf(count: number) {
  const pools: unknown[] = [];
  for (let index = 0; index < count; index++) pools.push((await ask()).pool);
  return pools;
}

/** A request that fails on blue, which is healthy for all others. */
async function failOne() {
  edge.blue.answer = withStatus(500);
  const answer = await ask();
  edge.blue.answer = undefined;
  return answer;
}

beforeEach(async () => {
  edge = await startEdge();
  stopBeating = keepGuarded(edge);
});

afterEach(async () => {
  stopBeating();
  await edge.close();
});

describe('with a living prober, a request that fails', () => {
  it('is repeated on the other pool and moves no other request', async () => {
    for (let round = 0; round < 5; round++) {
      expect(await failOne()).toEqual({ status: 200, pool: 'green' });
      expect(await poolsOf(5)).toEqual(Array(5).fill('blue'));
    }
  });

  it('does not keep a switch or a canary from its pool', async () => {
    await edge.verb('switch', 'green');
    edge.green.answer = withStatus(500);
    expect((await ask()).pool).toBe('blue');
    edge.green.answer = undefined;
    await edge.verb('switch', 'blue');
    expect(await edge.verb('switch', 'green')).toMatchObject({ exitCode: 0, stdout: '' });
    expect((await ask()).pool).toBe('green');
    await edge.verb('switch', 'blue');
    edge.green.answer = withStatus(500);
    const inCanary = { Cookie: 'bluegreen_bucket=00' };
    await edge.verb('canary', '1');
    expect((await ask(inCanary)).pool).toBe('blue');
    edge.green.answer = undefined;
    expect((await ask(inCanary)).pool).toBe('green');
  });

  it('reaches each pool once if it fails on both', async () => {
    for (const pool of [edge.blue, edge.green]) pool.answer = withStatus(500);
    const before = [edge.blue, edge.green].map(({ requests }) => requests.length);
    expect((await ask()).status).toBe(500);
    expect([edge.blue, edge.green].map(({ requests }, index) => requests.length - (before[index] ?? 0))).toEqual([
      1, 1,
    ]);
  });
});

describe('without a living prober', () => {
  it('relies on passive checks within 3 s of the last beat, until there is a beat again', async () => {
    stopBeating();
    const lastBeatMs = performance.now();
    await eventually('passive checks', async () => !(await isGuarded()));
    expect(performance.now() - lastBeatMs).toBeLessThan(3_000);
    expect(existsSync(join(edge.controlDir, 'both.up'))).toBe(false);
    expect(edge.output()).toContain('the prober does not respond: relying on passive checks');
    expect(await failOne()).toEqual({ status: 200, pool: 'green' });
    expect(await poolsOf(5)).toEqual(Array(5).fill('green'));
    expect(await ask({}, 'POST')).toEqual({ status: 200, pool: 'green' });
    stopBeating = keepGuarded(edge);
    expect(await poolsOf(5)).toEqual(Array(5).fill('blue'));
  });

  it('answers from the other pool, and a slow response in the end, too', async () => {
    stopBeating();
    await edge.close();
    edge = await startEdge({ PROXY_READ_TIMEOUT: '200ms' });
    edge.blue.answer = () => {};
    expect(await ask()).toEqual({ status: 200, pool: 'green' });
    for (const pool of [edge.blue, edge.green]) {
      pool.answer = (_, response) => setTimeout(() => response.end(), 600);
    }
    expect((await ask()).status).toBe(200);
    const health = await request(`${edge.url}/.bluegreen/healthz`);
    expect(health.statusCode).toBe(200);
    await Promise.all([edge.blue.close(), edge.green.close()]);
    expect((await request(`${edge.url}/.bluegreen/healthz`)).statusCode).toBe(502);
  });
});

it('does not take a slow beat for a dead prober', async () => {
  const startedMs = performance.now();
  await eventually('three seconds to pass', async () => {
    expect(await isGuarded()).toBe(true);
    return performance.now() - startedMs > 3_000;
  });
});

describe('the health check for a load balancer', () => {
  it.each([
    { down: [], status: 200 },
    { down: ['blue'], status: 200 },
    { down: ['blue', 'green'], status: 503 },
  ] as const)('is answered with $status in maintenance with $down down', async ({ down, status }) => {
    stopBeating();
    await edge.verb('maintenance', 'on');
    setGuarded(edge, { down });
    expect((await request(`${edge.url}/.bluegreen/healthz`)).statusCode).toBe(status);
  });
});
