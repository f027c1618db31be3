import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { healthQuestion } from '../health/question.ts';
import { eventually } from '../test/condition.ts';
import { Breath } from './breath.ts';
import { type PoolProber, type ProberOptions, startPoolProber } from './pool-prober.ts';

const question = healthQuestion({
  check: 'http',
  path: '/healthz',
  host: undefined,
  proto: 'http',
  statuses: ['2xx'],
});

describe('the prober of one pool', () => {
  let directory: string;
  let server: Server;
  /** Checks that have no answer yet, oldest first. */
  let checks: ServerResponse[];
  let prober: PoolProber | undefined;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'pool-prober-'));
    checks = [];
    server = createServer((_, response) => checks.push(response)).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(async () => {
    await prober?.stop();
    server.closeAllConnections();
    server.close();
    rmSync(directory, { recursive: true });
  });

  const flag = () => join(directory, 'blue.down');
  /** Starts one that makes no second regular check within the test. */
  const start = (options: Partial<ProberOptions>): PoolProber => {
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const target = { pool: 'blue', origin, flag: flag() } as const;
    const pace = { intervalMs: 60_000, timeoutMs: 60_000 };
    const slow = { question, ...pace, breath: new Breath(pace), fall: 2, rise: 2, ...options };
    prober = startPoolProber(target, slow, pino({ level: 'silent' }));
    return prober;
  };
  const arrived = (count: number) => eventually(`${count} checks`, () => checks.length >= count);

  it('writes no flag after it is stopped, whatever the result of the check in flight', async () => {
    const { stop } = start({ fall: 1 });
    await arrived(1);
    await stop();
    // The result of the check is known once its connection is closed.
    await new Promise((resolve) => setImmediate(resolve));
    expect(existsSync(flag())).toBe(false);
    expect(prober?.counts.becameDown).toBe(0);
  });

  it('does not let a passed check from before a failed request speak for the pool after it', async () => {
    const { checkNow } = start({});
    await arrived(1);
    checkNow();
    await arrived(2);
    checks[0]?.writeHead(200).end();
    await arrived(3);
    for (const check of checks.slice(1)) check.writeHead(500).end();
    await eventually('the flag', () => existsSync(flag()));
    expect(prober?.verdict()).toMatchObject({ down: true, cause: 'status 500' });
  });

  it('does not check a pool early if it is already down', async () => {
    const { checkNow, counts } = start({ fall: 1 });
    await arrived(1);
    checks[0]?.writeHead(500).end();
    await eventually('the flag', () => existsSync(flag()));
    checkNow();
    expect(counts.prompted).toBe(0);
  });

  it('checks early for failed requests at most ten times a second', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const { checkNow, counts } = start({});
    for (const afterMs of [0, 99, 1, 100]) {
      vi.advanceTimersByTime(afterMs);
      checkNow();
    }
    expect(counts.prompted).toBe(3);
  });

  it.each([
    ['a check that fails', 500],
    ['a passed check, where two are needed', 200],
  ])('keeps a flag from an earlier run after %s', async (_, status) => {
    writeFileSync(flag(), '');
    const { lastCheckAt } = start({});
    await arrived(1);
    checks[0]?.writeHead(status).end();
    await eventually('the end of the check', () => lastCheckAt() !== undefined);
    expect(existsSync(flag())).toBe(true);
  });

  it('writes into the flag when the pool went down, and why', async () => {
    start({ fall: 1 });
    await arrived(1);
    const startedMs = Date.now();
    await eventually('a later time', () => Date.now() > startedMs);
    checks[0]?.writeHead(500).end();
    await eventually('the flag', () => existsSync(flag()));
    const { since, cause } = JSON.parse(readFileSync(flag(), 'utf8'));
    expect(cause).toBe('status 500');
    expect(since).toBeGreaterThan(startedMs);
  });
});
