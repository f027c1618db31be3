import { beforeEach, describe, expect, it } from 'vitest';
import { accessLine, type LineFields, reroutedLine, unservedLine } from '../../test/access-lines.ts';
import type { Alert } from '../alerts/alert.ts';
import type { DownFlags } from '../control/flags.ts';
import { parseLine } from '../request/parse.ts';
import { plainText, wordingOf } from '../words/wording.ts';
import { decideRequest, decideTick } from './decide.ts';
import type { Verdict } from './incident.ts';
import { newState, type Policy, type State } from './state.ts';

const noon = Date.UTC(2025, 10, 23, 12);
const minute = 60_000;
const none: DownFlags = { active: 'blue', blue: null, green: null };
const defaults: Policy = { windowSize: 200, thresholdPercent: 2, cooldownMs: 0, maintenance: false };

let policy: Policy;
let state: State;
let verdicts: Verdict[];

function begin(changes: Partial<Policy> = {}): void {
  policy = { ...defaults, ...changes };
  state = newState(policy);
  verdicts = [];
}

/** Takes lines in order. The state goes through JSON each time, because it must be plain data. */
function log(...lines: string[]): Alert[] {
  const before = verdicts.length;
  for (const line of lines) {
    const event = parseLine(line);
    if (typeof event === 'string') throw new Error(`${event}: ${line}`);
    state = JSON.parse(JSON.stringify(state));
    verdicts.push(...decideRequest(state, event, policy));
  }
  return sent(before);
}

function tick(atMs: number, flags: DownFlags | null = null): Alert[] {
  const before = verdicts.length;
  state = JSON.parse(JSON.stringify(state));
  verdicts.push(...decideTick(state, flags, noon + atMs, policy));
  return sent(before);
}

function sent(from = 0): Alert[] {
  return verdicts.slice(from).flatMap((verdict) => (verdict.fate === 'send' ? [verdict.alert] : []));
}

function heldBack(): string[] {
  return verdicts.flatMap((verdict) => (verdict.fate === 'hold' ? [`${verdict.alert.kind}: ${verdict.reason}`] : []));
}

function kinds(alerts: readonly Alert[]): string[] {
  return alerts.map(({ kind }) => kind);
}

type At = (startMs: number, fields?: LineFields) => string;
const served: At = (startMs, fields) => accessLine({ startMs: noon + startMs, ...fields });
const rerouted: At = (startMs, fields) => reroutedLine({ startMs: noon + startMs, ...fields });
const unserved: At = (startMs, fields) => unservedLine({ startMs: noon + startMs, ...fields });
/** Routed directly to the standby because the active pool is flagged as down. */
const standby: At = (startMs, fields) =>
  served(startMs, { pool: fields?.active === 'green' ? 'blue' : 'green', ...fields });

beforeEach(() => begin());

describe('failover and recovery', () => {
  it('sends one alert each, under one incident, however many requests there are', () => {
    const [failover] = log(served(0), rerouted(100), standby(200), standby(300));
    expect(failover).toEqual({
      kind: 'failover',
      incident: '1123-1200-1',
      atMs: noon + 100,
      from: 'blue',
      to: 'green',
      release: 'green-release-1.0.0',
      upstream: '172.31.240.11:3000 (502) → 172.31.240.12:3000 (200)',
      requestMs: 5,
      cause: 'refused or reset',
      request: { requestId: '0123456789abcdef0123456789abcdef', traceId: '4bf92f3577b34da6a3ce929d0e0e4736' },
    });
    const [recovery] = log(served(5_000), served(5_100));
    expect(recovery).toEqual({
      kind: 'recovery',
      incident: '1123-1200-1',
      atMs: noon + 5_000,
      pool: 'blue',
      standby: 'green',
      release: 'blue-release-1.0.0',
      lastedMs: 4_900,
      served: 3,
    });
    expect(verdicts).toHaveLength(2);
  });

  it.each<[string, (startMs: number) => string, number, string | undefined]>([
    ['a request that was reset', rerouted, 200, 'answers cut off, refused or reset'],
    ['a flag', standby, 200, 'answers cut off'],
    ['a request that was reset much later', rerouted, 60_000, 'refused or reset'],
  ])('names answers that were cut off before %s', (_, next, atMs, cause) => {
    log(served(0), served(100, { contentLength: '57', length: '20' }));
    expect(log(next(atMs))).toMatchObject([{ kind: 'failover', cause }]);
  });

  it('goes from green to blue if green is active', () => {
    const active = 'green' as const;
    expect(log(served(0, { active }), rerouted(100, { active }))).toMatchObject([{ from: 'green', to: 'blue' }]);
    expect(log(served(200, { active }))).toMatchObject([{ kind: 'recovery', pool: 'green', standby: 'blue' }]);
  });

  it('is sent on a quiet night with one request an hour', () => {
    const hour = 60 * minute;
    expect(kinds(log(served(0), served(hour), rerouted(2 * hour), served(3 * hour)))).toEqual(['failover', 'recovery']);
  });

  it('is sent even for the very first line', () => {
    expect(kinds(log(rerouted(0)))).toEqual(['failover']);
  });

  it('is a new incident each time', () => {
    log(rerouted(0), served(100), rerouted(200), served(300));
    expect(sent().map(({ kind, incident }) => `${kind} ${incident}`)).toEqual([
      'failover 1123-1200-1',
      'recovery 1123-1200-1',
      'failover 1123-1200-2',
      'recovery 1123-1200-2',
    ]);
  });

  it('does not end with a slow request that began before it', () => {
    log(served(0), rerouted(1_000));
    expect(log(served(500, { tookMs: 2_500 }))).toEqual([]);
    expect(kinds(log(served(1_100)))).toEqual(['recovery']);
  });

  it('does not end with a request that began before the standby was last tried', () => {
    // The request hung on blue from 0 to 3,000 ms, and only then went to green.
    const fields = { tookMs: 3_004, responseTime: '3.000, 0.004', upstreamStatus: '504, 200' };
    expect(log(rerouted(0, fields))).toMatchObject([{ kind: 'failover', cause: 'timed out' }]);
    expect(log(served(2_000, { tookMs: 1_010 }))).toEqual([]);
    expect(kinds(log(served(3_010)))).toEqual(['recovery']);
  });

  it('does not end with a request that began before a later one was rerouted', () => {
    log(rerouted(0), standby(1_000));
    expect(log(served(500, { tookMs: 1_000 }))).toEqual([]);
    expect(kinds(log(served(1_001)))).toEqual(['recovery']);
  });

  it('does not end with a request that was routed before the rerouted one, though it began later', () => {
    // The headers took two seconds. When the flag routed the request to green, the later one was already on its way to blue.
    const late = { tookMs: 2_010, responseTime: '0.010', headerTime: '0.010' };
    expect(kinds(log(served(0), standby(1_000, late)))).toEqual(['failover']);
    expect(log(served(1_500, { tookMs: 2_000 }))).toEqual([]);
  });

  it('does not begin again with a request that failed before the recovery was routed, though the recovery began first', () => {
    log(served(0), rerouted(1_000));
    // The headers took a second.
    expect(kinds(log(served(5_000, { tookMs: 1_005, responseTime: '0.005', headerTime: '0.005' })))).toEqual([
      'recovery',
    ]);
    expect(log(rerouted(5_500, { tookMs: 3_004, responseTime: '3.000, 0.004', upstreamStatus: '504, 200' }))).toEqual(
      [],
    );
  });

  it('does not begin again with a request that began before the recovery', () => {
    log(served(0), rerouted(1_000), served(3_000));
    expect(log(standby(2_000, { tookMs: 2_000 }))).toEqual([]);
  });

  it('does not end when the active pool answers with an error', () => {
    log(rerouted(0));
    expect(log(served(100, { status: 500 }), served(200, { method: 'POST', status: 503 }))).toEqual([]);
  });

  it('does not end when the active pool answers because the standby failed', () => {
    log(rerouted(0));
    expect(log(served(100, { upstreamStatus: '502, 200', headerTime: '-, 0.004' }))).toEqual([]);
  });

  it('does not begin with a request that fails on both pools', () => {
    expect(log(served(0), unserved(100, { pool: 'green' }))).toEqual([]);
  });

  it('begins when only the standby answers, even with an error, which does not count as served', () => {
    const [alert] = log(standby(0, { status: 500 }));
    expect(alert?.kind).toBe('failover');
    expect(alert && plainText(alert)).not.toContain('visitors are served');
    expect(alert && plainText(alert)).toContain('the first request met an error');
  });

  it('names the cause from the health check if no attempt shows one', () => {
    tick(0, { ...none, blue: { seenMs: noon, cause: 'timeout' } });
    expect(log(standby(100))).toMatchObject([{ cause: 'health check: timeout' }]);
  });

  it('names an error that the app answered', () => {
    expect(log(rerouted(0, { upstreamStatus: '500, 200', headerTime: '0.001, 0.004' }))).toMatchObject([
      { cause: 'status 500' },
    ]);
  });

  it('does not follow from requests that were never routed', () => {
    expect(log(served(0), served(10, { active: '-', pool: '-', status: 400, upstreamStatus: '-' }))).toEqual([]);
  });

  it('is still detected after the clock was set back by an hour', () => {
    log(served(0));
    tick(-60 * minute);
    expect(kinds(log(rerouted(-60 * minute + 100), served(-60 * minute + 200, { active: 'green' })))).toEqual([
      'failover',
      'switch',
    ]);
  });
});

describe("so close to a recovery that the edge's clock cannot show the order", () => {
  it('a request that was routed by a flag is no failover', () => {
    log(served(0), rerouted(1_000), served(5_000));
    expect(log(standby(5_002), standby(5_090), served(5_200))).toEqual([]);
  });

  it("a request that failed on the active pool is no failover if the error of a worker's clock can explain it", () => {
    log(served(0), rerouted(1_000), served(5_000));
    expect(log(rerouted(5_008, { tookMs: 3_000, responseTime: '2.996, 0.004', upstreamStatus: '504, 200' }))).toEqual(
      [],
    );
  });

  it('a request that failed on the active pool a moment later is a failover', () => {
    log(served(0), rerouted(1_000), served(5_000));
    expect(kinds(log(rerouted(5_030)))).toEqual(['failover']);
  });

  it('a flag that remains is a failover', () => {
    log(served(0), rerouted(1_000), served(5_000));
    expect(kinds(log(standby(5_050), standby(5_150)))).toEqual(['failover']);
  });
});

describe('a planned switch', () => {
  const active = 'green' as const;

  it('is one alert and no failover', () => {
    expect(log(served(0), served(500, { active }), served(700, { active }))).toEqual([
      {
        kind: 'switch',
        incident: '1123-1200-1',
        atMs: noon + 500,
        from: 'blue',
        to: 'green',
        release: 'green-release-1.0.0',
      },
    ]);
  });

  it('is not undone by requests that are still in flight', () => {
    log(served(0), served(1_000, { active }));
    expect(log(served(500, { tookMs: 2_000 }), served(1_100, { active }))).toEqual([]);
  });

  it('is detected if requests to both pools began in the same millisecond, and is not undone by another one', () => {
    expect(kinds(log(served(0), served(1_000), served(1_000, { active }), served(1_000, { tookMs: 50 })))).toEqual([
      'switch',
    ]);
  });

  it("is not undone by a request that began later only by the edge's clock", () => {
    log(served(0), served(1_000, { active }));
    expect(log(served(1_003), served(1_004, { active }), served(1_200, { active }))).toEqual([]);
  });

  it('does not follow from a request that began before others that were routed before the switch', () => {
    // The headers came slowly, so the request was routed long after it had begun.
    log(served(0), served(1_000));
    expect(log(served(500, { active, tookMs: 2_000 }), served(900, { tookMs: 2_000 }))).toEqual([]);
    expect(kinds(log(served(1_500, { active })))).toEqual(['switch']);
  });

  it('ends an open failover and says so; no recovery follows', () => {
    log(served(0), rerouted(1_000), standby(1_500));
    const alerts = log(served(3_000, { active }), served(3_100, { active }));
    expect(alerts).toMatchObject([{ kind: 'switch', ended: { incident: '1123-1200-1', lastedMs: 2_000, served: 2 } }]);
  });

  it('ignores its cooldown if it ends a failover that was sent', () => {
    begin({ cooldownMs: 10 * minute });
    log(served(0), served(500, { active }), served(1_000), rerouted(1_500));
    expect(log(served(2_000, { active }))).toMatchObject([{ kind: 'switch', ended: { incident: '1123-1200-3' } }]);
  });

  it('can coincide with a failover', () => {
    expect(kinds(log(served(0), standby(500, { active })))).toEqual(['switch', 'failover']);
  });
});

describe('the error rate', () => {
  function many(count: number, line: At, from: number, fields?: LineFields): Alert[] {
    return Array.from({ length: count }, (_, index) => log(line(from + index, fields))).flat();
  }

  it('is sent above the threshold, with the worst paths and the pool that serves', () => {
    many(189, served, 0);
    expect(many(4, served, 200, { upstreamStatus: '500, 200', uri: '/pay?card=1' })).toMatchObject([
      {
        kind: 'error-rate',
        failed: 4,
        samples: 193,
        thresholdPercent: 2,
        pool: 'blue',
        worstPaths: [{ path: '/pay', failed: 4 }],
      },
    ]);
  });

  it('says how many errors reached a visitor', () => {
    many(50, served, 0);
    expect(many(2, served, 100, { upstreamStatus: '500, 200' })).toMatchObject([{ visible: 0 }]);
    begin({ windowSize: 100, thresholdPercent: 10 });
    many(60, served, 0);
    many(4, served, 70, { status: 500 });
    many(100, served, 100);
    // Requests that have left the window no longer count.
    many(8, served, 300, { upstreamStatus: '500, 200' });
    many(2, served, 310, { length: '20', bytesSent: 20 });
    const [alert] = many(1, unserved, 320).filter(({ kind }) => kind === 'error-rate');
    expect(alert).toMatchObject({ failed: 11, samples: 100, visible: 3 });
  });

  it('is sent again when visitors see errors too, regardless of the cooldown', () => {
    begin({ cooldownMs: 10 * minute });
    many(50, served, 0);
    const [masked] = many(2, served, 100, { upstreamStatus: '500, 200' });
    expect(masked && wordingOf(masked)).toMatchObject({
      headline: 'High upstream error rate: 3.85% of the last 52 requests, visitors see none',
      tone: 'warning',
    });
    expect(many(5, served, 200, { upstreamStatus: '500, 200' })).toEqual([]);
    const sent = many(20, served, 300, { status: 500 });
    expect(sent).toMatchObject([
      { kind: 'error-rate', incident: masked?.incident, atMs: noon + 305, visible: 1, escalated: true },
    ]);
    expect(sent[0] && wordingOf(sent[0])).toMatchObject({
      headline: 'High upstream error rate: 13.79% of the last 58 requests, visitors see errors',
      tone: 'bad',
    });
    many(300, served, 1_000);
    expect(kinds(tick(40_000))).toEqual(['error-rate-resolved']);
  });

  it('is sent again after a mute during which it got worse', () => {
    many(50, served, 0);
    many(2, served, 100, { upstreamStatus: '500, 200' });
    const muted = { sinceMs: noon, untilMs: noon + 10_000, actor: 'alice' };
    tick(200, { ...none, muted });
    expect(many(20, served, 300, { status: 500 })).toEqual([]);
    expect(tick(10_000)).toMatchObject([{ kind: 'unmuted' }, { kind: 'error-rate', escalated: true }]);
    expect(tick(10_250)).toEqual([]);
  });

  it('is sent once if visitors see errors from the beginning', () => {
    expect(many(200, served, 0, { status: 500 })).toHaveLength(1);
  });

  it('is not sent at the threshold', () => {
    many(196, served, 0);
    expect(many(4, served, 200, { upstreamStatus: '500, 200' })).toEqual([]);
  });

  it('never counts a 4xx', () => {
    expect(many(300, served, 0, { status: 404 })).toEqual([]);
  });

  it('counts requests that failed on both pools, and answers that were cut off', () => {
    many(60, served, 0);
    expect(kinds([...many(1, unserved, 100), ...many(1, served, 110, { length: '20', bytesSent: 20 })])).toEqual([
      'error-rate',
    ]);
  });

  it('needs 50 requests, or a full window if that is smaller', () => {
    expect(many(49, unserved, 0).filter(({ kind }) => kind === 'error-rate')).toEqual([]);
    expect(kinds(many(1, unserved, 50))).toEqual(['error-rate']);
    begin({ windowSize: 10 });
    expect(many(9, served, 0, { status: 500 })).toEqual([]);
    expect(kinds(many(1, served, 10, { status: 500 }))).toEqual(['error-rate']);
  });

  it('does not count requests without an attempt at any pool', () => {
    const maintenance = { status: 503, pool: '-', upstreamStatus: '-', upstreamAddr: '-' } as const;
    expect(many(300, served, 0, maintenance)).toEqual([]);
    expect(state.errorRate.window.count).toBe(0);
  });

  it('is resolved once it has stayed low for half a minute', () => {
    many(46, served, 0);
    expect(kinds(many(4, served, 100, { status: 500 }))).toEqual(['error-rate']);
    expect(many(300, served, 200)).toEqual([]);
    expect(tick(20_000)).toEqual([]);
    expect(tick(31_000)).toMatchObject([{ kind: 'error-rate-resolved', failed: 0, samples: 200 }]);
  });

  it('is resolved when the samples have expired on a quiet night', () => {
    many(50, served, 0, { status: 500 });
    expect(tick(14 * minute)).toEqual([]);
    expect(tick(16 * minute)).toEqual([]);
    const [resolved] = tick(17 * minute);
    expect(resolved).toMatchObject({ kind: 'error-rate-resolved', samples: 0 });
    expect(resolved && wordingOf(resolved)).toMatchObject({
      headline: 'Upstream error rate resolved: no request for 15 min',
      tone: 'neutral',
    });
  });

  it('is not sent for three samples, even if all of them failed', () => {
    expect(many(3, served, 0, { status: 500 })).toEqual([]);
    expect(tick(10 * minute)).toEqual([]);
  });

  it("ignores yesterday's samples", () => {
    many(40, served, 0, { status: 500 });
    expect(many(10, served, 24 * 60 * minute)).toEqual([]);
  });
});

describe('an outage', () => {
  it('begins with three consecutive requests that no pool could serve, and ends with the next one that is served', () => {
    log(served(0), unserved(100), unserved(110));
    expect(log(unserved(120), unserved(130))).toMatchObject([
      { kind: 'outage', atMs: noon + 100, shownBy: 'requests' },
    ]);
    expect(log(served(50, { tookMs: 100 }))).toEqual([]);
    expect(log(served(5_100))).toMatchObject([{ kind: 'outage-resolved', pool: 'blue', lastedMs: 5_000, unserved: 4 }]);
  });

  it('is not delayed by a long download that began before it and ends during it', () => {
    log(unserved(1_000), unserved(1_010), served(0, { tookMs: 1_020 }));
    expect(kinds(log(unserved(1_030)))).toEqual(['outage']);
  });

  it('does not begin again with requests that have waited since before its end', () => {
    log(unserved(0), unserved(1), unserved(2));
    expect(kinds(log(served(5_000)))).toEqual(['outage-resolved']);
    const hung = { tookMs: 6_000, upstreamStatus: '504, 504', responseTime: '3.000, 3.000' };
    expect(log(unserved(4_000, hung), unserved(4_100, hung), unserved(4_200, hung), unserved(4_300, hung))).toEqual([]);
    expect(kinds(log(unserved(5_100, hung), unserved(5_200, hung), unserved(5_300, hung)))).toEqual(['outage']);
  });

  it('does not end when a visitor gives up waiting', () => {
    log(unserved(0), unserved(1), unserved(2));
    expect(log(served(100, { status: 499, upstreamStatus: '-', headerTime: '-' }))).toEqual([]);
  });

  it('is detected when nginx had no live upstream to try', () => {
    const fields = {
      pool: '-',
      status: 502,
      upstreamStatus: '502',
      upstreamAddr: 'blue_first',
      headerTime: '-',
    } as const;
    expect(kinds(log(served(0, fields), served(1, fields), served(2, fields)))).toEqual(['outage']);
  });

  it.each([
    [
      'requests that each pool answers with an error',
      {
        status: 500,
        pool: 'green',
        upstreamStatus: '500, 500',
        upstreamAddr: '172.31.240.11:3000, 172.31.240.12:3000',
        responseTime: '0.001, 0.004',
        headerTime: '0.001, 0.004',
      } as const,
    ],
    ['the maintenance page', { status: 503, pool: '-', upstreamStatus: '-', upstreamAddr: '-' } as const],
    ['a POST that failed on one pool', { status: 500, method: 'POST' } as const],
  ])('is not %s', (_, fields) => {
    expect(log(...[0, 1, 2, 3, 4].map((at) => served(at, fields)))).toEqual([]);
  });

  it('does not consist of failures among requests that are served', () => {
    expect(log(unserved(0), unserved(1), served(2), unserved(3), unserved(4), served(5), unserved(6))).toEqual([]);
  });

  const down = { ...none, blue: { seenMs: noon, cause: 'refused' }, green: { seenMs: noon, cause: 'status 500' } };

  it('begins when both pools fail their health checks for two seconds, and ends when one passes them', () => {
    tick(0, down);
    expect(tick(1_900, down)).toEqual([]);
    expect(tick(2_000, down)).toMatchObject([
      { kind: 'outage', shownBy: 'health-checks', causes: { blue: 'refused', green: 'status 500' } },
    ]);
    expect(tick(60_000, { ...down, green: null })).toMatchObject([
      { kind: 'outage-resolved', pool: 'green', lastedMs: 60_000 },
    ]);
  });

  it('is unconfirmed while only the health checks show it; one request that fails confirms it, which is sent at once', () => {
    begin({ cooldownMs: 10 * minute });
    tick(0, down);
    const [unconfirmed] = tick(2_000, down);
    expect(unconfirmed && wordingOf(unconfirmed)).toMatchObject({
      headline: 'Both pools fail their health checks; no request has shown an outage yet',
      tone: 'warning',
      anchor: 'both-pools-unhealthy',
    });
    expect(unconfirmed && plainText(unconfirmed)).not.toMatch(/visitors see errors|nobody/);
    const [confirmed] = log(unserved(60_000));
    expect(confirmed).toMatchObject({
      kind: 'outage',
      incident: unconfirmed?.incident,
      atMs: noon + 60_000,
      shownBy: 'requests',
      escalated: true,
    });
    expect(confirmed && wordingOf(confirmed)).toMatchObject({
      headline: 'Outage: no pool can serve requests',
      tone: 'bad',
    });
    expect(log(unserved(60_100), unserved(60_200), unserved(60_300))).toEqual([]);
    expect(log(served(70_000))).toMatchObject([{ kind: 'outage-resolved', unserved: 4, lastedMs: 70_000 }]);
  });

  it.each([
    ['both pools answer with an error', { upstreamStatus: '500, 500', headerTime: '0.001, 0.004' }],
    ['the pool that was tried answers with an error', {}],
  ])('is also confirmed when %s while both fail their health checks', (_, fields) => {
    tick(0, down);
    tick(2_000, down);
    expect(log(served(3_000, { status: 500, ...fields }))).toMatchObject([{ kind: 'outage', escalated: true }]);
    expect(log(served(4_000))).toMatchObject([{ kind: 'outage-resolved', unserved: 1 }]);
  });

  it('that was never confirmed says so at its end', () => {
    tick(0, down);
    tick(2_000, down);
    const [resolved] = tick(7_000, { ...down, blue: null });
    expect(resolved && wordingOf(resolved)).toMatchObject({
      headline: 'No outage seen: blue can serve, after both pools failed their health checks for 7.0 s',
      summary: 'No request was refused by both pools.',
    });
  });

  it('is confirmed at once if the last request failed on both pools', () => {
    tick(0, down);
    log(unserved(500));
    expect(tick(2_000, down)).toMatchObject([{ kind: 'outage', shownBy: 'requests' }]);
  });

  it('that is confirmed is not held back because of an unconfirmed one just before', () => {
    begin({ cooldownMs: 10 * minute });
    tick(0, down);
    tick(2_000, down);
    tick(3_000, none);
    expect(kinds(log(unserved(10_000), unserved(10_001), unserved(10_002)))).toEqual(['outage']);
  });

  it('does not begin with failing health checks while requests are served', () => {
    tick(0, down);
    log(served(500));
    expect(tick(10_000, down)).toEqual([]);
  });

  it('does not end while requests fail, even if a health check passes', () => {
    tick(0, down);
    tick(3_000, down);
    log(unserved(4_000));
    expect(tick(5_000, none)).toEqual([]);
    expect(kinds(log(served(6_000)))).toEqual(['outage-resolved']);
  });
});

describe('a standby that is down', () => {
  const down = { ...none, green: { seenMs: noon, cause: 'timeout' } };

  it('is sent after five seconds, and when it is back', () => {
    expect(tick(4_900, down)).toEqual([]);
    expect(tick(5_000, down)).toEqual([
      { kind: 'standby-down', incident: '1123-1200-1', atMs: noon, pool: 'green', active: 'blue', cause: 'timeout' },
    ]);
    expect(tick(5_250, down)).toEqual([]);
    expect(tick(20_000, none)).toMatchObject([{ kind: 'standby-resolved', lastedMs: 20_000, because: 'healthy' }]);
  });

  it('is not the active pool after a failover', () => {
    log(rerouted(0));
    expect(tick(60_000, { ...none, blue: { seenMs: noon } })).toEqual([]);
  });

  it('does not claim what visitors see', () => {
    const [alert] = tick(5_000, down);
    expect(alert && plainText(alert)).not.toContain('no error');
  });

  it('can be the pool that was active before a switch', () => {
    expect(tick(60_000, { active: 'green', green: null, blue: { seenMs: noon } })).toMatchObject([
      { kind: 'standby-down', pool: 'blue', active: 'green' },
    ]);
  });

  it('ends when the pool becomes active', () => {
    tick(5_000, down);
    expect(tick(6_000, { ...down, active: 'green' })).toMatchObject([{ kind: 'standby-resolved', because: 'active' }]);
  });

  it('is not sent during an outage', () => {
    log(unserved(0), unserved(1), unserved(2));
    expect(tick(60_000, down)).toEqual([]);
  });

  it('stays as it was while the control directory cannot be read', () => {
    tick(5_000, down);
    expect(tick(6_000, null)).toEqual([]);
    expect(kinds(tick(7_000, none))).toEqual(['standby-resolved']);
  });
});

describe('the cooldown', () => {
  it('holds back the next failover and its recovery, and the failover after it gives the count', () => {
    begin({ cooldownMs: 10 * minute });
    log(rerouted(0), served(1_000), rerouted(240_000), served(241_000), rerouted(480_000), served(481_000));
    expect(kinds(sent())).toEqual(['failover', 'recovery']);
    expect(heldBack()).toEqual([
      'failover: cooldown',
      'recovery: not-announced',
      'failover: cooldown',
      'recovery: not-announced',
    ]);
    expect(log(rerouted(720_000))).toMatchObject([
      { kind: 'failover', heldBack: { count: 2, sinceMs: noon + 240_000 } },
    ]);
    log(served(721_000));
    expect(log(rerouted(1_400_000))[0]).not.toHaveProperty('heldBack');
  });

  it('sends at its end what is still open, and then its recovery', () => {
    begin({ cooldownMs: 5 * minute });
    log(rerouted(0), served(1_000), rerouted(60_000));
    expect(tick(299_000)).toEqual([]);
    expect(tick(301_000)).toMatchObject([{ kind: 'failover', atMs: noon + 60_000 }]);
    expect(tick(302_000)).toEqual([]);
    expect(log(served(303_000))).toMatchObject([{ kind: 'recovery', lastedMs: 243_000 }]);
  });

  it('of one kind or direction does not hold back another', () => {
    begin({ cooldownMs: 5 * minute });
    log(served(0), rerouted(100), served(200), served(300, { active: 'green' }), rerouted(400, { active: 'green' }));
    expect(kinds(sent())).toEqual(['failover', 'recovery', 'switch', 'failover']);
  });

  it('does not outlast a clock that was set back', () => {
    begin({ cooldownMs: minute });
    log(rerouted(0), served(100));
    tick(-60 * minute);
    expect(kinds(log(rerouted(-60 * minute + 30)))).toEqual(['failover']);
  });

  it('does not send at its end an error rate that is no longer high', () => {
    begin({ cooldownMs: 5 * minute, windowSize: 10 });
    const errors = (from: number) => log(...Array.from({ length: 10 }, (_, at) => served(from + at, { status: 500 })));
    const good = (from: number) => log(...Array.from({ length: 10 }, (_, at) => served(from + at)));
    errors(0);
    good(100);
    expect(kinds(tick(40_000))).toEqual(['error-rate-resolved']);
    errors(60_000);
    good(290_000);
    expect(tick(301_000)).toEqual([]);
  });

  it('does not send at its end an error rate that has fallen to the threshold but is not resolved', () => {
    begin({ cooldownMs: 5 * minute, windowSize: 10, thresholdPercent: 20 });
    const some = (failed: number, from: number) =>
      log(...Array.from({ length: 10 }, (_, at) => served(from + at, { status: at < failed ? 500 : 200 })));
    some(3, 0);
    some(0, 100);
    expect(kinds([...tick(1_000), ...tick(40_000)])).toEqual(['error-rate-resolved']);
    some(3, 60_000);
    some(2, 61_000);
    expect(tick(301_000)).toEqual([]);
    some(3, 302_000);
    expect(kinds(sent()).at(-1)).toBe('error-rate');
  });
});

describe('maintenance', () => {
  it('holds back failovers, each once, and nothing else', () => {
    begin({ maintenance: true });
    log(rerouted(0), standby(100), served(200), served(300, { active: 'green' }));
    log(...Array.from({ length: 60 }, (_, at) => unserved(1_000 + at, { active: 'green' })));
    tick(10_000);
    tick(20_000);
    expect(kinds(sent())).toEqual(['switch', 'outage', 'error-rate']);
    expect(heldBack()).toEqual(['failover: maintenance', 'recovery: not-announced']);
  });
});

describe('an alert names the request that showed it', () => {
  const idOf = (index: number) => String(index).padStart(32, '0');
  const requestOf = (alerts: readonly Alert[], kind: Alert['kind']) =>
    alerts.find((alert) => alert.kind === kind)?.request?.requestId;

  it('the first one that was rerouted by a failure or by a flag', () => {
    begin();
    const rerouting = log(
      served(0, { requestId: idOf(1) }),
      rerouted(200, { requestId: idOf(2) }),
      rerouted(300, { requestId: idOf(3) }),
    );
    expect(requestOf(rerouting, 'failover')).toBe(idOf(2));
    begin();
    const flagged = log(served(0, { requestId: idOf(1) }), standby(200, { requestId: idOf(2) }));
    expect(requestOf(flagged, 'failover')).toBe(idOf(2));
  });

  it('the one that made it an outage', () => {
    begin();
    const alerts = log(...[1, 2, 3].map((index) => unserved(index * 100, { requestId: idOf(index) })));
    expect(requestOf(alerts, 'outage')).toBe(idOf(3));
  });

  it('the last one that failed, for an error rate and a burn rate', () => {
    begin({ sloPercent: 99.9 });
    const good = Array.from({ length: 60 }, (_, index) => served(index * 10, { requestId: idOf(index) }));
    const bad = Array.from({ length: 5 }, (_, index) =>
      served(700 + index * 10, { status: 500, requestId: idOf(100 + index) }),
    );
    const alerts = log(...good, ...bad, served(800, { requestId: idOf(200) }));
    // Two of 62 are more than two percent.
    expect(requestOf(alerts, 'error-rate')).toBe(idOf(101));
    expect(requestOf(alerts, 'burn-rate')).toBe(idOf(104));
    begin();
    // The rate is known to be too high only once there are enough samples.
    const failed = [1, 2].map((index) => served(index, { status: 500, requestId: idOf(index) }));
    const later = Array.from({ length: 48 }, (_, index) => served(10 + index, { requestId: idOf(100 + index) }));
    expect(requestOf(log(...failed, ...later), 'error-rate')).toBe(idOf(2));
  });
});
