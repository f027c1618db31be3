import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { anchors } from '../../report/alert-kinds.ts';
import { type FakeSlack, startFakeSlack } from '../../test/fake-slack.ts';
import { deploy, errorRate, failover, sampleAlerts, switched } from '../../test/sample-alerts.ts';
import { composedMessages } from '../../test/sample-messages.ts';
import { faultOf } from '../../test/slack-rules.ts';
import type { Alert } from '../alerts/alert.ts';
import type { Message } from '../alerts/message.ts';
import { type OutboxFailure, type OutboxOptions, outboxDefaults } from '../delivery/options.ts';
import { Outbox } from '../delivery/outbox.ts';
import { labels } from '../words/facts.ts';
import { plainMessage, toldOf } from '../words/message.ts';
import { plainText, wordingOf } from '../words/wording.ts';
import { retryAfterMs } from './answer.ts';
import { HttpNotifier } from './http-notifier.ts';
import { slackContract, slackMessage } from './slack.ts';

const links = { runbookUrl: 'https://wiki.example/alerts', dashboardUrl: 'https://ops.example/' };
const context = { identifier: 'shop <prod> & co', runbookUrl: 'https://wiki.example/runbook?a=1&b=2|c#top' };

const all = Object.values(sampleAlerts).flat();

/** As GitHub and most others make it of a heading. */
const anchorOf = (title: string) => title.toLowerCase().replaceAll(' ', '-');

/** What Slack would say to it. */
function fault(alert: Alert, form: 'full' | 'plain' = 'full', settings: Parameters<typeof slackMessage>[1] = context) {
  return faultOf('application/json', JSON.stringify(slackMessage({ alert }, settings, form)));
}

describe('a Slack message', () => {
  const named = Object.entries(sampleAlerts).flatMap(([kind, alerts]) =>
    alerts.map((alert, index) => [`${kind} ${index + 1}`, alert] as const),
  );
  it.each(named)('reads well: %s', (_, alert) => {
    expect(slackMessage({ alert }, links, 'full')).toMatchSnapshot();
    expect(plainText(alert, 'shop')).toMatchSnapshot();
  });

  it.each(Object.entries<Message>(composedMessages))('reads well: %s', (_, message) => {
    expect(slackMessage(message, links, 'full')).toMatchSnapshot();
    expect(plainMessage(message, 'shop')).toMatchSnapshot();
  });

  it.each(['docs/alerts.md', 'RUNBOOK.md'])('links to a section that %s has', (path) => {
    const document = readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
    const sections = [...document.matchAll(/^#{2,3} (.+)$/gm)].map(([, title = '']) => anchorOf(title));
    expect(sections).toEqual(expect.arrayContaining([...anchors]));
    expect(new Set(sections).size).toBe(sections.length);
  });

  it('has a sample for each section that it can link to', () => {
    expect(new Set(all.map((alert) => wordingOf(alert).anchor))).toEqual(new Set(anchors));
  });

  it('has its facts in one order, few enough for a phone, and says nothing twice', () => {
    for (const message of [...all.map((alert) => ({ alert })), ...Object.values<Message>(composedMessages)]) {
      const { facts } = toldOf(message);
      const places = facts.map(({ label }) => labels.indexOf(label));
      expect(places).toEqual(places.toSorted((one, other) => one - other));
      expect(new Set(places).size).toBe(places.length);
      expect(facts.length).toBeLessThanOrEqual(7);
    }
  });

  it('has a first line that fits into the header whole', () => {
    for (const message of [...all.map((alert) => ({ alert })), ...Object.values<Message>(composedMessages)]) {
      const { blocks = [], text } = slackMessage(message, { identifier: 'shop-production-eu' }, 'full');
      expect(blocks[0]).toMatchObject({ type: 'header', text: { text: text.split('\n')[0] } });
    }
  });

  it.each([
    ['bad', ['burn-rate']],
    ['neutral', ['deploy-started', 'maintenance-on']],
    ['good', ['recovery', 'burn-rate-resolved', 'outage-resolved']],
    ['warning', ['failover', 'flapping', 'standby-down']],
  ] as const)('is %s for what deserves it', (tone, kinds) => {
    for (const kind of kinds) for (const alert of sampleAlerts[kind]) expect(wordingOf(alert).tone).toBe(tone);
  });

  it('says of an error rate how many reached a visitor', () => {
    const said = [0, 1, errorRate.failed].map((visible) => wordingOf({ ...errorRate, visible }).summary);
    expect(said).toEqual([
      'The other pool made them good.',
      'Of 11 failed, 1 reached a visitor; the other pool made the rest good.',
      'All 11 that failed reached a visitor.',
    ]);
    expect(wordingOf({ ...errorRate, failed: 1, visible: 1 }).summary).toBe('The one that failed reached a visitor.');
  });

  it('is red for an error rate only where visitors can have met it', () => {
    const tones = [0, 1, undefined].map((visible) => {
      const { visible: _, ...rest } = errorRate;
      return wordingOf({ ...rest, visible }).tone;
    });
    expect(tones).toEqual(['warning', 'bad', 'bad']);
  });

  it('is one that Slack takes, whatever is set', () => {
    for (const alert of all) {
      for (const settings of [{}, context]) {
        expect(fault(alert, 'full', settings)).toBeUndefined();
        expect(fault(alert, 'plain', settings)).toBeUndefined();
      }
    }
  });

  it('says first what matters, complete in its text alone', () => {
    const { text } = slackMessage({ alert: failover }, { identifier: 'shop' }, 'full');
    expect(text.split('\n')[0]).toBe('Failover detected: blue → green (to backup) [shop]');
  });

  it('links to the section of the runbook, and names the installation, escaped', () => {
    const message = slackMessage({ alert: failover }, context, 'full');
    expect(message.text).toContain('[shop &lt;prod&gt; &amp; co]');
    expect(JSON.stringify(message)).toContain('<https://wiki.example/runbook?a=1&amp;b=2%7Cc#failover|Runbook>');
  });

  it.each([
    '/<!channel>',
    '/<https://evil.example|click>',
    '/`*bold*`<@U123>`_it_~no~',
    '/\u0000\u001b[31m\n\n>quote\n* list',
    '/&amp;lt;',
    '<'.repeat(80),
    '`'.repeat(80),
    '/\ud800 half a surrogate',
  ])('lets nothing that a client wrote mean anything: %j', (path) => {
    const hostile: Alert[] = [
      { ...errorRate, worstPaths: [{ path, failed: 3 }] },
      { ...failover, upstream: path, release: path, cause: path },
      {
        ...deploy,
        kind: 'deploy-failed',
        wasLive: true,
        actor: path,
        release: path,
        step: path,
        why: path,
        restored: path,
        tookMs: 1,
      },
      switched({ reason: 'bake', actor: path, release: path, replaced: path, why: path }),
    ];
    for (const alert of hostile) {
      expect(fault(alert)).toBeUndefined();
      const fields = JSON.stringify(slackMessage({ alert }, {}, 'full').attachments?.[0]?.blocks[0]);
      expect(fields).not.toMatch(/<[!@#h]/);
      // Balanced: every code span that is opened is closed on its line.
      for (const line of fields.split('\\n')) expect((line.match(/`/g) ?? []).length % 2).toBe(0);
    }
  });

  it('lets no text from outside out of its place, whatever it is and wherever it comes', () => {
    const pieces = [
      '<!channel>',
      '<@U1>',
      '<https://evil.example|x>',
      '`',
      '*',
      '_',
      '~',
      '\n',
      '&lt;',
      '|',
      '>',
      ' a',
      ':fire:',
    ];
    const hostile = fc
      .array(fc.constantFrom(...pieces, 'https://evil.example', '\ud800', '\u0000'))
      .map((few) => few.join(''));
    fc.assert(
      fc.property(fc.constantFrom(...all), hostile, (alert, text) => {
        const { blocks = [], attachments = [] } = slackMessage({ alert: withText(alert, text) }, links, 'full');
        for (const block of blocks) expect(block).toMatchObject({ text: { type: 'plain_text', emoji: false } });
        expect(faultOf('application/json', JSON.stringify({ blocks, attachments }))).toBeUndefined();
        for (const shown of textsIn(attachments[0]?.blocks)) {
          // Our own marks, and nothing else between angle brackets.
          const rest = shown.replaceAll(
            /<!date\^\d+\^[^<>|]+\|[-\d: UTC]+>|<https:\/\/(wiki|ops)\.example\/[^<>|]*\|[A-Z]\w+>/g,
            '',
          );
          expect(rest).not.toMatch(/[<>]/);
          // Outside of quotations, only a label is bold.
          const unquoted = rest.replaceAll(/`[^`\n]+`/g, '').replace(/^\*[A-Z][a-z ]+\*\n/, '');
          expect(unquoted).not.toMatch(/[*_~`\n]/);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('as text alone has no markup, and no link that somebody else wrote', () => {
    const alert: Alert = { ...errorRate, worstPaths: [{ path: '/*bold*_it_`code`https://evil.example', failed: 3 }] };
    expect(slackMessage({ alert }, context, 'plain')).toMatchObject({ mrkdwn: false, parse: 'none' });
  });

  it('stays within the limits of Slack even if every character has to be escaped', () => {
    const long = '<'.repeat(100_000);
    const worstPaths = Array.from({ length: 30 }, (_, index) => ({ path: `${index}${long}`, failed: 1 }));
    expect(fault({ ...errorRate, worstPaths })).toBeUndefined();
    expect(fault({ ...failover, upstream: long, release: long, cause: long })).toBeUndefined();
    const fields = JSON.stringify(slackMessage({ alert: { ...failover, upstream: long } }, {}, 'full'));
    expect(fields).toContain('*Upstream*\\n`&lt;');
  });

  it('has something in every field', () => {
    const alert = { ...failover, cause: '', release: '`' };
    expect(fault(alert)).toBeUndefined();
    expect(JSON.stringify(slackMessage({ alert }, {}, 'full'))).toContain('*Now serving*\\ngreen –');
    expect(JSON.stringify(slackMessage({ alert }, {}, 'full'))).not.toContain('Cause');
  });
});

/** Strings that come from outside; the others are words of ours. */
const outside = new Set(
  'release upstream cause path actor why step restored replaces replaced image activeRelease what blue green'.split(
    ' ',
  ),
);

/** The alert with a text in every place where one from outside can stand. */
function withText<T>(value: T, text: string, name = ''): T {
  if (typeof value === 'string')
    return (outside.has(name) || name === 'stillOpen' || name === 'goesOn' ? text : value) as T;
  if (Array.isArray(value)) return value.map((one) => withText(one, text, name)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withText(one, text, key)])) as T;
}

function textsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) =>
    key === 'text' && typeof one === 'string' ? [one] : textsIn(one),
  );
}

let slack: FakeSlack;
let notifier: HttpNotifier;
let failures: OutboxFailure[];
let outboxes: Outbox[];

function alert(incident: string): Alert {
  return { kind: 'standby-down', incident, atMs: 0, pool: 'green', active: 'blue' };
}

/** A queue whose waits are short and certain, but for the pace that Slack asks for. */
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

  it.each(['500', 'reset', 'hang'] as const)('tries again after %s until it is taken', async (behaviour) => {
    slack.answer(behaviour, { times: 2 });
    const outbox = open();
    outbox.push(alert('a'));
    outbox.push(alert('b'));
    await slack.waitFor(() => slack.messages.length === 2, 8_000);
    expect(received()).toEqual(['a', 'b']);
    expect(failures.map(({ next }) => next)).toEqual(['retry', 'retry']);
    expect(slack.requests).toBe(4);
  });

  it('waits as long as a 429 says', async () => {
    slack.answer('429', { retryAfter: 2, times: 1 });
    const outbox = open();
    const began = Date.now();
    outbox.push(alert('a'));
    const { receivedAt } = await slack.waitForMessage(() => true);
    expect(receivedAt - began).toBeGreaterThanOrEqual(1_990);
    expect(slack.requests).toBe(2);
  });

  it('sends what was refused once more as plain text', async () => {
    slack.answer('400', { times: 1 });
    const outbox = open();
    outbox.push(alert('a'));
    const { body } = await slack.waitForMessage(() => true);
    expect(Object.keys(body)).toEqual(['text', 'mrkdwn', 'parse']);
    await expect.poll(() => outbox.health).toMatchObject({ state: 'open', sent: 1, dropped: 0 });
  });

  it('drops what was refused as plain text too, counts it, and goes on in full', async () => {
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
    'holds everything and tries slowly after %s',
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
      // Said once, however often it is tried.
      expect(failures.map(({ next }) => next)).toEqual(['channel closed']);
    },
  );

  it('is over at the deadline of a flush, with what is left in hand', async () => {
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

  it('lets the oldest that waits go when there are too many, and counts it', async () => {
    const outbox = open({ limit: 2 });
    for (const incident of ['a', 'b', 'c', 'd']) outbox.push(alert(incident));
    await slack.waitFor(() => slack.messages.length === 2);
    expect(received()).toEqual(['c', 'd']);
    expect(outbox.health.dropped).toBe(2);
    expect(JSON.stringify(slack.messages[0]?.body)).toContain('2 older alerts could not be delivered and were dropped');
    expect(JSON.stringify(slack.messages[1]?.body)).not.toContain('dropped');
  });

  it('never tells the URL, whatever goes wrong', async () => {
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

describe('an answer of something that is not Slack', () => {
  it('is taken as its status says, and never repeated', async () => {
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
    // Date.parse takes these.
    ['soon 1', undefined],
    ['-5', undefined],
    ['', undefined],
    [undefined, undefined],
    [['7', '8'], 7_000],
  ])('%j is %s ms', (header, ms) => {
    expect(retryAfterMs(header, nowMs)).toBe(ms);
  });
});
