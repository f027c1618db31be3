import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { patientPoolStatus, poolStatus, unhealthyReason } from '../edge/pool-status.ts';
import type { Engine } from '../engine/engine.ts';
import type { Stack } from '../stack/stack.ts';
import { becomeHealthy } from './gates.ts';

describe('the health gate', () => {
  let green: Server;
  let stack: Stack;
  /** What green answers, and whether the edge has it flagged as down, one after the other; the last one for good. */
  let statuses: number[];
  let flags: boolean[];
  let checks: number;
  let looks: number;

  const next = <T>(from: T[]): T => (from.length > 1 ? from.shift() : from[0]) as T;
  const engine = {
    edge: async () => {
      looks++;
      const status = { active: 'blue', group: 'blue_first', blue_down: false, maintenance: false, nginx: '1' };
      return JSON.stringify({ ...status, green_down: next(flags) });
    },
  } as unknown as Engine;

  beforeEach(async () => {
    [statuses, flags, checks, looks] = [[200], [false], 0, 0];
    green = createServer((_request, response) => {
      checks++;
      const status = next(statuses);
      response.writeHead(status).end(status === 200 ? '' : 'no\nprice');
    }).listen(0, '127.0.0.1');
    await once(green, 'listening');
    const settings = {
      DIRECT_BIND: '127.0.0.1',
      GREEN_PORT: (green.address() as AddressInfo).port,
      HEALTH_CHECK: 'http',
      HEALTH_PATH: '/healthz',
      HEALTH_PROTO: 'http',
      HEALTH_STATUS: ['2xx'],
      PROBE_TIMEOUT_MS: 2_000,
      PROBE_INTERVAL_MS: 5,
      PROBE_FALL: 2,
      PROBE_RISE: 3,
    };
    stack = { settings } as unknown as Stack;
  });
  afterEach(() => green.close());

  const gate = (limitMs = 10_000, said: string[] = []) =>
    becomeHealthy(stack, engine, 'green', limitMs, {
      say: (text) => said.push(text),
      signal: new AbortController().signal,
    });

  it('passes after PROBE_RISE passed checks in a row, and not earlier', async () => {
    statuses = [200, 200, 500, 200];
    expect(await gate()).toBe('3 health checks passed in a row');
    expect(checks).toBe(6);
  });

  it('does not pass while the edge has the pool flagged as down', async () => {
    flags = [true, true, false];
    const said: string[] = [];
    await gate(10_000, said);
    expect(looks).toBe(3);
    expect(said.slice(-2)).toEqual(['waiting for the prober to mark it up', 'waiting for the prober to mark it up']);
  });

  it('fails after the time limit, and quotes the last response', async () => {
    statuses = [503];
    await expect(gate(100)).rejects.toThrow(
      `not healthy within 0.1 s; http://127.0.0.1:${stack.settings.GREEN_PORT}/healthz answered 503: no price`,
    );
  });

  it('reports that nothing answers', async () => {
    green.closeAllConnections();
    green.close();
    await expect(gate(50)).rejects.toThrow('/healthz does not answer');
  });

  it('shows where a redirect leads, and which settings may help', async () => {
    green.removeAllListeners('request');
    green.on('request', (_, response) => response.writeHead(301, { location: 'https://shop.example/healthz' }).end());
    await expect(gate(100)).rejects.toThrow(
      /answered 301: Location: https:\/\/shop\.example\/healthz\n.*set HEALTH_PROTO=https or HEALTH_HOST/,
    );
  });

  it('asks as the prober does', async () => {
    green.removeAllListeners('request');
    green.on('request', ({ headers }, response) => {
      const isRight = headers.host === 'shop.example' && headers['x-forwarded-proto'] === 'https';
      response.writeHead(isRight ? 401 : 400).end();
    });
    const settings = { HEALTH_HOST: 'shop.example', HEALTH_PROTO: 'https', HEALTH_STATUS: ['200', '401'] } as const;
    stack = { settings: { ...stack.settings, RELEASE_ID_GREEN: 'v1', ...settings } } as unknown as Stack;
    expect(await gate()).toBe('3 health checks passed in a row');
    expect(await poolStatus(stack, 'green')).toMatchObject({ healthy: true, health: 'healthy' });
    stack = { settings: { ...stack.settings, HEALTH_HOST: undefined } } as unknown as Stack;
    const wrong = await poolStatus(stack, 'green');
    expect(wrong).toMatchObject({ healthy: false, health: 'status 400' });
    expect(unhealthyReason(wrong)).toBe('status 400: if the app checks the Host header, set HEALTH_HOST');
  });

  it('needs only a connection with HEALTH_CHECK=tcp', async () => {
    statuses = [500];
    stack = { settings: { ...stack.settings, RELEASE_ID_GREEN: 'v1', HEALTH_CHECK: 'tcp' } } as unknown as Stack;
    expect(await gate()).toBe('3 health checks passed in a row');
    expect((await poolStatus(stack, 'green')).healthy).toBe(true);
    green.close();
    expect(await poolStatus(stack, 'green')).toMatchObject({ healthy: false, health: 'no connection' });
    await expect(gate(50)).rejects.toThrow('accepts no connection');
  });

  it('is asked again before something is refused because a pool did not answer', async () => {
    let left = 2;
    green.removeAllListeners('request');
    green.on('request', ({ socket }, response) => {
      checks++;
      if (left-- > 0) socket.destroy();
      else response.end();
    });
    stack = { settings: { ...stack.settings, RELEASE_ID_GREEN: 'v1' } } as unknown as Stack;
    expect(await patientPoolStatus(stack, 'green')).toMatchObject({ healthy: true });
    [left, checks] = [3, 0];
    expect(await patientPoolStatus(stack, 'green')).toMatchObject({ healthy: false, health: 'no answer' });
    expect(checks).toBe(3);
  });
});
