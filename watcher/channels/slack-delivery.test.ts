import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FakeSlack, startFakeSlack } from '../../test/fake-slack.ts';
import type { Alert } from '../alerts/alert.ts';
import { type OutboxFailure, type OutboxOptions, outboxDefaults } from '../delivery/options.ts';
import { Outbox } from '../delivery/outbox.ts';
import { retryAfterMs } from './answer.ts';
import { HttpNotifier } from './http-notifier.ts';
import { slackContract } from './slack.ts';

let slack: FakeSlack;
let notifier: HttpNotifier;
let failures: OutboxFailure[];
let outboxes: Outbox[];

function alert(incident: string): Alert {
  return { kind: 'standby-down', incident, atMs: 0, pool: 'green', active: 'blue' };
}

/** An outbox with short waits and no jitter, but with the pace that Slack asks for. */
function open(changes: Partial<OutboxOptions> = {}, url = slack.url): Outbox {
  notifier = new HttpNotifier({ name: 'slack', url, contract: slackContract({}), requestTimeoutMs: 250 });
  const onFailure = (failure: OutboxFailure) => void failures.push(failure);
  const outbox = new Outbox(notifier, {
    ...outboxDefaults,
    backoffMs: 20,
    probeMs: 50,
    random: () => 1,
    onFailure,
    ...changes,
  });
  outboxes.push(outbox);
  return outbox;
}

const received = () => slack.messages.map(({ body }) => /incident `(\w+)`/.exec(JSON.stringify(body))?.[1]);

beforeEach(async () => {
  slack = await startFakeSlack();
  failures = [];
  outboxes = [];
});

afterEach(async () => {
  await Promise.all(outboxes.map((outbox) => outbox.flush(0)));
  await notifier.close();
  await slack.close();
});

describe('delivery to Slack', () => {
  it('keeps the order and Slack’s pace of one message a second', async () => {
    const outbox = open();
    for (const incident of ['a', 'b', 'c']) outbox.push(alert(incident));
    await slack.waitFor(() => slack.messages.length === 3);
    expect(received()).toEqual(['a', 'b', 'c']);
    expect(slack.requests).toBe(3);
    expect(failures).toEqual([]);
  });

  it.each(['500', 'reset', 'hang'] as const)('retries after %s until the message is accepted', async (behaviour) => {
    slack.answer(behaviour, { times: 2 });
    const outbox = open();
    outbox.push(alert('a'));
    outbox.push(alert('b'));
    await slack.waitFor(() => slack.messages.length === 2, 8_000);
    expect(received()).toEqual(['a', 'b']);
    expect(failures.map(({ next }) => next)).toEqual(['retry', 'retry']);
    expect(slack.requests).toBe(4);
  });

  it('waits for the time that a 429 asks for', async () => {
    slack.answer('429', { retryAfter: 2, times: 1 });
    const outbox = open();
    const began = Date.now();
    outbox.push(alert('a'));
    const { receivedAt } = await slack.waitForMessage(() => true);
    expect(receivedAt - began).toBeGreaterThanOrEqual(1_990);
    expect(slack.requests).toBe(2);
  });

  it('sends a refused message again as plain text', async () => {
    slack.answer('400', { times: 1 });
    const outbox = open();
    outbox.push(alert('a'));
    const { body } = await slack.waitForMessage(() => true);
    expect(Object.keys(body)).toEqual(['text', 'mrkdwn', 'parse']);
    await expect.poll(() => outbox.health).toMatchObject({ state: 'open', sent: 1, dropped: 0 });
  });

  it('drops a message that is refused as plain text too, counts it, and sends the next one in full', async () => {
    slack.answer('400', { times: 2 });
    const outbox = open();
    outbox.push(alert('a'));
    outbox.push(alert('b'));
    await slack.waitFor(() => slack.messages.length === 1);
    expect(received()).toEqual(['b']);
    expect(slack.messages[0]?.body).toHaveProperty('attachments');
    expect(outbox.health).toMatchObject({ dropped: 1, lastError: 'HTTP 400 (invalid_payload)' });
  });

  it.each(['403', '404', '410', 'redirect'] as const)(
    'keeps every message and retries slowly after %s',
    async (behaviour) => {
      slack.answer(behaviour);
      const outbox = open();
      outbox.push(alert('a'));
      outbox.push(alert('b'));
      await slack.waitFor(() => slack.requests === 2);
      expect(outbox.health).toMatchObject({ state: 'closed', queued: 2, dropped: 0 });
      slack.answer('ok');
      await slack.waitFor(() => slack.messages.length === 2);
      expect(received()).toEqual(['a', 'b']);
      // Reported once, however many attempts follow.
      expect(failures.map(({ next }) => next)).toEqual(['channel closed']);
    },
  );

  it('stops at the deadline of a flush and returns the rest', async () => {
    slack.answer('hang');
    const outbox = open();
    outbox.push(alert('a'));
    outbox.push(alert('b'));
    expect((await outbox.flush(100)).map(({ incident }) => incident)).toEqual(['a', 'b']);
  });

  it('does not wait for a closed channel in a flush', async () => {
    slack.answer('404');
    const outbox = open({ probeMs: 60_000 });
    outbox.push(alert('a'));
    await slack.waitFor(() => slack.requests === 1);
    const began = Date.now();
    expect(await outbox.flush(10_000)).toHaveLength(1);
    expect(Date.now() - began).toBeLessThan(2_000);
  });

  it('drops the oldest waiting messages above the limit, and counts them', async () => {
    const outbox = open({ limit: 2 });
    for (const incident of ['a', 'b', 'c', 'd']) outbox.push(alert(incident));
    await slack.waitFor(() => slack.messages.length === 2);
    expect(received()).toEqual(['c', 'd']);
    expect(outbox.health.dropped).toBe(2);
    expect(JSON.stringify(slack.messages[0]?.body)).toContain('2 older alerts could not be delivered and were dropped');
    expect(JSON.stringify(slack.messages[1]?.body)).not.toContain('dropped');
  });

  it('never reveals the URL, whatever goes wrong', async () => {
    for (const behaviour of ['400', '403', '404', '410', '429', '500', 'reset', 'hang', 'redirect'] as const) {
      slack.answer(behaviour);
      const seen = slack.requests;
      const outbox = open();
      outbox.push(alert(behaviour));
      await slack.waitFor(() => slack.requests > seen);
      await outbox.flush(300);
      failures.push({ reason: outbox.health.lastError ?? 'none', incident: '', next: 'retry' });
    }
    const noTls = slack.url.replace('http', 'https');
    for (const url of [noTls, 'http://no-such-host.invalid/services/T0FAKE', 'http://127.0.0.1:1/services/T0FAKE']) {
      const outbox = open({}, url);
      outbox.push(alert('x'));
      await outbox.flush(300);
    }
    expect(failures.length).toBeGreaterThan(10);
    expect(JSON.stringify(failures)).not.toMatch(/services|T0FAKE|127\.0\.0\.1|invalid\//);
  });
});

describe('an answer from a server that is not Slack', () => {
  it('counts by its status, and its body is never repeated', async () => {
    const server = createServer((request, response) => {
      request.resume();
      response.writeHead(500).end(`<html>${request.url}</html>`.repeat(10_000));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    notifier = new HttpNotifier({ name: 'slack', url: `http://127.0.0.1:${port}/secret`, contract: slackContract({}) });
    const delivery = await notifier.deliver({ alert: alert('a') }, 'full', new AbortController().signal);
    expect(delivery).toEqual({ outcome: 'again', reason: 'HTTP 500' });
    server.closeAllConnections();
    server.close();
  });
});

describe('Retry-After', () => {
  const nowMs = Date.UTC(2025, 10, 23);

  it.each([
    ['30', 30_000],
    ['0', 1_000],
    ['2.5', 2_500],
    ['Sun, 23 Nov 2025 00:00:10 GMT', 10_000],
    ['Sat, 22 Nov 2025 00:00:10 GMT', 1_000],
    ['999999999', 300_000],
    ['soon', undefined],
    // Date.parse accepts these.
    ['soon 1', undefined],
    ['-5', undefined],
    ['', undefined],
    [undefined, undefined],
    [['7', '8'], 7_000],
  ])('%j is %s ms', (header, ms) => {
    expect(retryAfterMs(header, nowMs)).toBe(ms);
  });
});
