import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type FakeSlack, startFakeSlack } from '../../test/fake-slack.ts';
import type { Alert, Failover, Recovery } from '../alerts/alert.ts';
import { HttpNotifier } from '../channels/http-notifier.ts';
import { slackContract } from '../channels/slack.ts';
import type { Notifier } from './notifier.ts';
import { type OutboxFailure, type OutboxOptions, outboxDefaults } from './options.ts';
import { Outbox } from './outbox.ts';

let slack: FakeSlack;
let notifiers: HttpNotifier[];
let outboxes: Outbox[];
let failures: OutboxFailure[];

const atMs = Date.UTC(2025, 10, 23, 14, 5, 9);
const standbyDown = (incident: string): Alert => ({
  kind: 'standby-down',
  incident,
  atMs,
  pool: 'green',
  active: 'blue',
});
const failover = (incident: string): Failover => ({
  kind: 'failover',
  incident,
  atMs,
  from: 'blue',
  to: 'green',
  upstream: '10.0.0.1:3000 (502) → 10.0.0.2:3000 (200)',
  requestMs: 45,
  cause: 'refused or reset',
});
const recovery = (incident: string): Recovery => ({
  kind: 'recovery',
  incident,
  atMs: atMs + 130_000,
  pool: 'blue',
  standby: 'green',
  lastedMs: 130_000,
  served: 4_210,
});

/** An outbox to the fake Slack that does not wait for Slack's own pace. */
function open(changes: Partial<OutboxOptions> = {}): Outbox {
  const contract = { ...slackContract({}), gapMs: 1 };
  const notifier = new HttpNotifier({ name: 'slack', url: slack.url, contract, requestTimeoutMs: 250 });
  notifiers.push(notifier);
  const onFailure = (failure: OutboxFailure) => void failures.push(failure);
  const quick = { backoffMs: 20, probeMs: 50, random: () => 1, onFailure };
  const outbox = new Outbox(notifier, { ...outboxDefaults, ...quick, ...changes });
  outboxes.push(outbox);
  return outbox;
}

const headlines = () => slack.messages.map(({ text }) => text.split('\n')[0]);
const whole = (index: number) => JSON.stringify(slack.messages[index]?.body);
/** As a checkpoint stores and loads it. */
const throughDisk = (outbox: Outbox) => JSON.parse(JSON.stringify(outbox.snapshot()));

beforeEach(async () => {
  slack = await startFakeSlack({ unlimited: true });
  notifiers = [];
  outboxes = [];
  failures = [];
});

afterEach(async () => {
  await Promise.all(outboxes.map((outbox) => outbox.flush(0)));
  await Promise.all(notifiers.map((notifier) => notifier.close()));
  await slack.close();
});

describe('an alert and the disk', () => {
  it('is on disk before the first attempt', async () => {
    const { promise: written, resolve } = Promise.withResolvers<void>();
    const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
    const outbox = open({
      durable: () => {
        ask();
        return written;
      },
    });
    outbox.push(standbyDown('a'));
    await asked;
    expect(outbox.snapshot().entries).toMatchObject([{ alert: { incident: 'a' } }]);
    expect(slack.requests).toBe(0);
    resolve();
    await slack.waitFor(() => slack.messages.length === 1);
  });

  it.each([
    ['fails', () => Promise.reject(new Error('ENOSPC'))],
    ['hangs', () => new Promise<void>(() => undefined)],
  ])('is delivered even if the disk %s', async (_, durable) => {
    const outbox = open({ durable, durableForMs: 50 });
    outbox.push(standbyDown('a'));
    await slack.waitFor(() => slack.messages.length === 1);
  });

  it('waits for the disk once a message, however many attempts there are', async () => {
    let asked = 0;
    slack.answer('500', { times: 3 });
    const outbox = open({
      durable: async () => {
        asked++;
      },
    });
    outbox.push(standbyDown('a'));
    await slack.waitFor(() => slack.messages.length === 1);
    expect(asked).toBe(1);
  });

  it('leaves the snapshot once Slack has answered ok, and not before', async () => {
    const left: number[] = [];
    slack.answer('500', { times: 1 });
    const outbox: Outbox = open({ changed: () => left.push(outbox.snapshot().entries.length) });
    outbox.push(standbyDown('a'));
    outbox.push(standbyDown('b'));
    await expect.poll(() => left).toEqual([1, 0]);
    expect(slack.messages).toHaveLength(2);
  });
});

describe('a message that was waiting when the process ended', () => {
  it('is delivered by the next process, in order, before new messages', async () => {
    slack.answer('500');
    const first = open();
    for (const incident of ['a', 'b']) first.push(standbyDown(incident));
    await slack.waitFor(() => slack.requests >= 2);
    await first.flush(0);
    slack.answer('ok');
    const second = open({ initial: throughDisk(first) });
    second.push(standbyDown('c'));
    await slack.waitFor(() => slack.messages.length === 3);
    expect(['a', 'b', 'c'].map((incident, index) => whole(index).includes(`incident \`${incident}\``))).toEqual([
      true,
      true,
      true,
    ]);
  });

  it('is sent together with its end, if that comes before it is delivered', async () => {
    const second = open({ initial: { entries: [{ alert: failover('a'), queuedAtMs: Date.now() }], droppedUntold: 0 } });
    second.push(recovery('a'));
    await slack.waitFor(() => slack.messages.length === 1);
    expect(headlines()).toEqual(['Failover and recovery: blue → green for 2 min 10 s']);
  });

  it('is dropped if it is too old, and the next message says so', async () => {
    const old = Date.now() - 7_200_000;
    const entries = [
      { alert: failover('a'), end: recovery('a'), queuedAtMs: old },
      { alert: standbyDown('b'), queuedAtMs: old },
      { alert: standbyDown('c'), queuedAtMs: Date.now() },
    ];
    const outbox = open({ maxAgeMs: 3_600_000, initial: { entries, droppedUntold: 1 } });
    await slack.waitFor(() => slack.messages.length === 1);
    expect(whole(0)).toContain('incident `c`');
    expect(whole(0)).toContain('4 older alerts could not be delivered and were dropped');
    await expect.poll(() => outbox.snapshot().droppedUntold).toBe(0);
    expect(outbox.health.dropped).toBe(3);
  });

  it('counts against the limit, and its texts are cut', async () => {
    slack.answer('hang');
    const outbox = open({ limit: 3 });
    for (let number = 0; number < 9; number++) {
      outbox.push({ ...failover(`i${number}`), cause: 'x'.repeat(100_000) });
    }
    const { entries, droppedUntold } = outbox.snapshot();
    expect([entries.length, droppedUntold]).toEqual([3, 6]);
    expect(JSON.stringify(entries).length).toBeLessThan(10_000);
  });

  it('does not block the next one if it cannot be composed', async () => {
    const alien = { kind: 'from-another-version', incident: 'a', atMs } as unknown as Alert;
    const outbox = open({ initial: { entries: [{ alert: alien, queuedAtMs: Date.now() }], droppedUntold: 0 } });
    outbox.push(standbyDown('b'));
    await slack.waitFor(() => slack.messages.length === 1);
    expect(whole(0)).toContain('incident `b`');
    expect(failures.map(({ next }) => next)).toEqual(['as plain text', 'dropped']);
  });
});

describe('an incident that is resolved before its alert is delivered', () => {
  it('is sent as one message, with the facts of both alerts', async () => {
    const outbox = open();
    outbox.push(standbyDown('b'));
    outbox.push(failover('a'));
    outbox.push({ ...recovery('a'), release: 'blue-2' });
    await slack.waitFor(() => slack.messages.length === 2);
    expect(headlines()[1]).toBe('Failover and recovery: blue → green for 2 min 10 s');
    expect(slack.messages[1]?.text).toContain('green served 4210 requests meanwhile');
    for (const fact of ['refused or reset', 'blue-2', 'incident `a`', '2025-11-23 14:05:09', '2025-11-23 14:07:19']) {
      expect(whole(1)).toContain(fact);
    }
  });

  it.each<[Alert['kind'], Alert, Alert, string]>([
    [
      'error-rate',
      {
        kind: 'error-rate',
        incident: 'a',
        atMs,
        failed: 9,
        visible: 9,
        samples: 50,
        thresholdPercent: 2,
        worstPaths: [],
      },
      { kind: 'error-rate-resolved', incident: 'a', atMs, failed: 0, samples: 50, lastedMs: 95_000 },
      'High upstream error rate for 1 min 35 s, resolved',
    ],
    [
      'outage',
      { kind: 'outage', incident: 'a', atMs, shownBy: 'requests', causes: {} },
      { kind: 'outage-resolved', incident: 'a', atMs, pool: 'blue', lastedMs: 5_000, unserved: 7 },
      'Outage for 5.0 s, resolved: no pool could serve requests',
    ],
    [
      'standby-down',
      standbyDown('a'),
      { kind: 'standby-resolved', incident: 'a', atMs, pool: 'green', lastedMs: 42_000, because: 'healthy' },
      'Standby down for 42 s, resolved: green',
    ],
  ])('is sent as one message for kind %s too', async (_, alert, end, headline) => {
    const outbox = open();
    outbox.push(alert);
    outbox.push(end);
    await slack.waitFor(() => slack.messages.length === 1);
    await expect.poll(() => outbox.health.queued).toBe(0);
    expect(headlines()).toEqual([headline]);
  });

  it('is merged with its latest alert, if it escalated', async () => {
    slack.answer('500');
    const outbox = open();
    outbox.push(standbyDown('b'));
    await slack.waitFor(() => slack.requests >= 1);
    const errorRate = {
      kind: 'error-rate',
      incident: 'a',
      failed: 9,
      samples: 50,
      thresholdPercent: 2,
      worstPaths: [],
    };
    outbox.push({ ...errorRate, kind: 'error-rate', atMs, visible: 0 });
    outbox.push({ ...errorRate, kind: 'error-rate', atMs: atMs + 1, visible: 4, escalated: true });
    outbox.push({ kind: 'error-rate-resolved', incident: 'a', atMs, failed: 0, samples: 50, lastedMs: 95_000 });
    slack.answer('ok');
    await slack.waitFor(() => slack.messages.length === 3);
    expect(headlines().slice(1)).toEqual([
      'High upstream error rate: 18.00% of the last 50 requests, visitors see none',
      'High upstream error rate for 1 min 35 s, resolved',
    ]);
  });

  it('is sent as one message after failed attempts at the beginning', async () => {
    slack.answer('500');
    const outbox = open();
    outbox.push(failover('a'));
    await slack.waitFor(() => slack.requests === 2);
    outbox.push(standbyDown('b'));
    outbox.push(recovery('a'));
    slack.answer('ok');
    await slack.waitFor(() => slack.messages.length === 2);
    expect(headlines()).toEqual([
      'Failover and recovery: blue → green for 2 min 10 s',
      'Standby down: green, nothing to fail over to',
    ]);
  });

  it('is sent as two messages if the first is already delivered or belongs to another incident', async () => {
    const outbox = open();
    outbox.push(failover('a'));
    await slack.waitFor(() => slack.messages.length === 1);
    outbox.push(failover('b'));
    outbox.push(recovery('a'));
    await slack.waitFor(() => slack.messages.length === 3);
    expect(headlines().map((headline) => headline?.split(' ')[0])).toEqual(['Failover', 'Failover', 'Recovery']);
  });

  it('waits for the disk again, because the message has changed', async () => {
    const asked: number[] = [];
    const { promise: first, resolve } = Promise.withResolvers<void>();
    const outbox: Outbox = open({
      durable: () => {
        asked.push(outbox.snapshot().entries.filter(({ end }) => end !== undefined).length);
        return asked.length === 1 ? first : Promise.resolve();
      },
    });
    outbox.push(failover('a'));
    await expect.poll(() => asked.length).toBe(1);
    outbox.push(recovery('a'));
    resolve();
    await slack.waitFor(() => slack.messages.length === 1);
    expect(asked).toEqual([0, 1]);
  });
});

describe('a message that comes late', () => {
  it('says so, and why', async () => {
    slack.answer('500');
    const outbox = open({ lateMs: 1_000 });
    outbox.push(standbyDown('a'));
    await expect.poll(() => outbox.health.lastError).not.toBeNull();
    const failing = Date.now();
    await slack.waitFor(() => Date.now() - failing > 1_100);
    slack.answer('ok');
    await slack.waitFor(() => slack.messages.length === 1);
    expect(whole(0)).toMatch(/sent [\d.]+ m?s late: this channel accepted no message for [\d.]+ m?s/);
    outbox.push(standbyDown('b'));
    await slack.waitFor(() => slack.messages.length === 2);
    expect(whole(1)).not.toContain('late');
  });

  it('says so after a restart', async () => {
    const nowMs = Date.now();
    const entries = [{ alert: standbyDown('a'), queuedAtMs: nowMs - 720_000 }];
    open({ initial: { entries, droppedUntold: 0, silence: { fromMs: nowMs - 700_000 } } });
    await slack.waitFor(() => slack.messages.length === 1);
    expect(whole(0)).toContain('sent 12 min late: this channel accepted no message for 11 min 40 s');
  });

  it('does not blame Slack after a restart if Slack was not the reason', async () => {
    const entries = [{ alert: standbyDown('a'), queuedAtMs: Date.now() - 720_000 }];
    open({ initial: { entries, droppedUntold: 0 } });
    await slack.waitFor(() => slack.messages.length === 1);
    expect(whole(0)).toContain('sent 12 min late"');
  });
});

describe('a channel that keeps failing', () => {
  /** When each attempt is made, in milliseconds by a clock that only this test moves. */
  const attemptsWithin = async (forMs: number, random: number): Promise<number[]> => {
    vi.useFakeTimers();
    const attempts: number[] = [];
    const startedMs = performance.now();
    const notifier: Notifier = {
      name: 'failing',
      gapMs: 0,
      deliver: async () => {
        attempts.push(Math.round(performance.now() - startedMs));
        return { outcome: 'again', reason: 'status 500' };
      },
    };
    const quick = { backoffMs: 1_000, maxBackoffMs: 8_000, random: () => random, onFailure: () => {} };
    const outbox = new Outbox(notifier, { ...outboxDefaults, ...quick });
    outbox.push(standbyDown('a'));
    await vi.advanceTimersByTimeAsync(forMs);
    vi.useRealTimers();
    return attempts;
  };

  it('is retried after twice as long each time, up to the maximum', async () => {
    expect(await attemptsWithin(40_000, 1)).toEqual([0, 1_000, 3_000, 7_000, 15_000, 23_000, 31_000, 39_000]);
  });

  it('is retried after a shorter random time, so that many watchers do not return together', async () => {
    expect(await attemptsWithin(20_000, 0.5)).toEqual([0, 500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500]);
  });

  it('is remembered over a restart to have accepted nothing', async () => {
    slack.answer('500');
    const outbox = open();
    outbox.push(standbyDown('a'));
    const before = Date.now();
    await expect.poll(() => outbox.health.lastError).not.toBeNull();
    expect(throughDisk(outbox).silence.fromMs).toBeGreaterThanOrEqual(before - 1_000);
    slack.answer('ok');
    await slack.waitFor(() => slack.messages.length === 1);
    await expect.poll(() => throughDisk(outbox).silence).toHaveProperty('untilMs');
  });

  it('drops a message that could not be delivered before later ones, if there are too many', async () => {
    slack.answer('500');
    const outbox = open({ limit: 2, backoffMs: 60_000 });
    outbox.push(standbyDown('a'));
    await expect.poll(() => outbox.health.state).toBe('retrying');
    for (const incident of ['b', 'c']) outbox.push(standbyDown(incident));
    expect(outbox.snapshot().entries.map(({ alert }) => alert.incident)).toEqual(['b', 'c']);
  });

  it('reports how long its next message has waited', async () => {
    expect(open().oldestAgeMs).toBe(0);
    slack.answer('500');
    const entries = [{ alert: standbyDown('a'), queuedAtMs: Date.now() - 60_000 }];
    expect(open({ initial: { entries, droppedUntold: 0 } }).oldestAgeMs).toBeGreaterThanOrEqual(60_000);
  });
});

describe('a message in flight', () => {
  it('is not dropped when messages behind it exceed the limit', async () => {
    slack.answer('hang', { times: 1 });
    const outbox = open({ limit: 2 });
    outbox.push(standbyDown('a'));
    await slack.waitFor(() => slack.requests === 1);
    for (const incident of ['b', 'c', 'd']) outbox.push(standbyDown(incident));
    expect(outbox.snapshot().entries.map(({ alert }) => alert.incident)).toEqual(['a', 'd']);
    await slack.waitFor(() => slack.messages.length === 2);
    expect([whole(0), whole(1)]).toEqual([
      expect.stringContaining('incident `a`'),
      expect.stringContaining('incident `d`'),
    ]);
    expect(outbox.health.dropped).toBe(2);
  });
});
