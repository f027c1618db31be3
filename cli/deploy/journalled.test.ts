import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type JournalRecord, record } from '../../journal/record.ts';
import type { Engine } from '../engine/engine.ts';
import type { Stack } from '../stack/stack.ts';
import { endCanary } from './canary.ts';
import type { Lock } from './lock.ts';
import { rollBack } from './monitor.ts';
import type { DeployOptions } from './options.ts';
import type { Start } from './preflight.ts';
import { Run } from './run.ts';

const baked = { lastedMs: 12_000, requests: 500, failed: 21, breach: 'it fails', overtaken: false };

describe('the journal of a deploy', () => {
  let blue: Server;
  /** Status of blue's health check. */
  let status: number;
  let blueDown: boolean;
  let records: JournalRecord[];
  let run: Run;

  beforeEach(async () => {
    [status, blueDown, records] = [200, false, []];
    blue = createServer((_request, response) => response.writeHead(status).end()).listen(0, '127.0.0.1');
    await once(blue, 'listening');
    const settings = {
      DIRECT_BIND: '127.0.0.1',
      BLUE_PORT: (blue.address() as AddressInfo).port,
      GREEN_PORT: 1,
      HEALTH_CHECK: 'http',
      HEALTH_PATH: '/healthz',
      HEALTH_PROTO: 'http',
      HEALTH_STATUS: ['2xx'],
      HOOKS_DIR: 'none',
      RELEASE_ID_BLUE: 'v1',
      RELEASE_ID_GREEN: 'v2',
      BLUEGREEN_ACTOR: 'ci',
    };
    const stack = { root: tmpdir(), settings, env: {} } as unknown as Stack;
    const edge = async (verb: string, ...args: string[]) => {
      const line = args.at(-1);
      if (verb !== 'status' && line !== undefined) records.push(record.parse(JSON.parse(line)));
      const flags = { blue_down: blueDown, green_down: false, maintenance: false };
      return verb === 'status' ? JSON.stringify({ active: 'green', group: 'green_first', nginx: '1', ...flags }) : '';
    };
    const engine = { name: 'host', edge, lastLines: async () => '' } as unknown as Engine;
    const options = { release: 'v2' } as DeployOptions;
    const start = { standby: { pool: 'green' }, active: { pool: 'blue', release: 'v1' } } as Start;
    const lock = { at: () => undefined } as unknown as Lock;
    run = new Run(stack, engine, options, start, { lock, signal: new AbortController().signal });
    run.wasUsed = true;
    run.step = 'bake';
  });
  afterEach(() => blue.close());

  it('has the counts of a release that is rolled back, and how long visitors had it', async () => {
    await rollBack(run, baked, baked.breach);
    expect(records).toMatchObject([
      { kind: 'switch', reason: 'bake', deploy: run.id, bake: { lastedMs: 12_000, requests: 500, failed: 21 } },
      { kind: 'deploy-failed', step: 'bake', rolledBack: true, wasUsed: true },
    ]);
  });

  it.each([
    [503, false, 'blue is not healthy either (status 503)'],
    [200, true, 'blue is not healthy either (marked down by its health checks)'],
  ])('has the reason why there was no rollback: %i, marked down: %s', async (answer, down, noWayBack) => {
    [status, blueDown] = [answer, down];
    const error = await rollBack(run, baked, baked.breach);
    expect(records).toMatchObject([{ kind: 'deploy-failed', rolledBack: false, wasUsed: true, noWayBack }]);
    expect(error.message).toContain(`Not rolled back: ${noWayBack}, so green stays active`);
  });

  it.each([true, false])(
    'has the deploy of a canary that is off, and whether the release failed: %s',
    async (didBadly) => {
      run.canaryIsOn = true;
      await endCanary(run, 'why', didBadly);
      expect(records).toMatchObject([{ kind: 'canary', percent: 0, deploy: run.id, why: 'why', didBadly }]);
    },
  );
});
