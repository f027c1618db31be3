import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../test/condition.ts';
import { Load, type LoadOptions } from './load.ts';
import { nowMs, type Sample, tookMs } from './sample.ts';

/** Answers at once, or if it stalls, holds all requests until resume(). */
class Pool {
  readonly held: ServerResponse[] = [];
  stalls = false;
  agents = new Set<string | undefined>();
  cookies: (string | undefined)[] = [];
  readonly server = createServer((request, response) => {
    this.agents.add(request.headers['user-agent']);
    this.cookies.push(request.headers.cookie);
    request.resume();
    if (this.stalls) this.held.push(response);
    else this.answer(response);
  });

  answer(response: ServerResponse): void {
    response.writeHead(200, { 'X-App-Pool': 'blue' }).end('ok');
  }

  resume(): void {
    this.stalls = false;
    for (const response of this.held.splice(0)) this.answer(response);
  }
}

const question = { check: 'http', path: '/', headers: {}, statuses: ['2xx'] } as const;
let pool: Pool;
let options: LoadOptions;

beforeEach(async () => {
  pool = new Pool();
  pool.server.listen(0, '127.0.0.1');
  await once(pool.server, 'listening');
  const url = `http://127.0.0.1:${(pool.server.address() as AddressInfo).port}`;
  options = { site: { url }, rate: 200, clients: 0, mix: { app: 'any', question }, userAgent: 'proof' };
});

afterEach(() => {
  pool.server.closeAllConnections();
  pool.server.close();
});

describe('the load', () => {
  it('keeps its rate while nothing is answered, and counts latency from when each request was due', async () => {
    const samples: Sample[] = [];
    const load = new Load(options, (sample) => samples.push(sample));
    await eventually('some answers', () => samples.length >= 20);
    pool.stalls = true;
    await eventually('requests that do not wait for each other', () => pool.held.length >= 100);
    const stalledFor = nowMs() - Math.max(...samples.map(({ endedAt }) => endedAt));
    pool.resume();
    await load.stop();

    expect(samples.every(({ failure, status }) => failure === undefined && status === 200)).toBe(true);
    const dues = samples.map(({ dueAt }) => dueAt).toSorted((a, b) => a - b);
    for (const [index, due] of dues.entries()) expect(due - (dues[0] ?? 0)).toBeCloseTo(index * 5, 1);
    const longest = Math.max(...samples.map(tookMs));
    expect(longest).toBeGreaterThan(stalledFor * 0.9);
    expect(samples.filter((sample) => tookMs(sample) > stalledFor / 2).length).toBeGreaterThanOrEqual(40);
  });

  it('has additional clients that wait for each response, and marks all requests with its user agent', async () => {
    const samples: Sample[] = [];
    pool.stalls = true;
    const load = new Load({ ...options, rate: 1, clients: 5 }, (sample) => samples.push(sample));
    await eventually('requests that wait', () => pool.held.length >= 3);
    pool.resume();
    await eventually('answers for each client', () => samples.filter(({ loop }) => loop === 'closed').length >= 5);
    await load.stop();
    expect(samples.some(({ loop }) => loop === 'open')).toBe(true);
    expect([...pool.agents]).toEqual(['proof']);
  });

  it('spreads even a few clients over all buckets of a canary', async () => {
    pool.stalls = true;
    const load = new Load({ ...options, rate: 1, clients: 10 }, () => undefined);
    await eventually('a request of each client', () => new Set(pool.cookies).size >= 11);
    pool.resume();
    await load.stop();
    const tens = pool.cookies.slice(1).map((cookie) => cookie?.at(-2));
    expect([...new Set(tens)].toSorted()).toEqual([...'0123456789']);
  });
});
