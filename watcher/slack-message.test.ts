import { describe, expect, it } from 'vitest';
import { faultOf } from '../test/slack-rules.ts';
import type { Alert, AlertKind, ErrorRate, Failover } from './alert.ts';
import { slackMessage } from './slack-message.ts';
import { plainText } from './wording.ts';

const base = { incident: '1123-1405-7', atMs: Date.UTC(2025, 10, 23, 14, 5, 9, 123) };
const context = { identifier: 'shop <prod> & co', runbookUrl: 'https://wiki.example/runbook?a=1&b=2|c#top' };

const failover: Failover = {
  ...base,
  kind: 'failover',
  from: 'blue',
  to: 'green',
  release: 'green-release-1.0.0',
  upstream: '172.31.240.11:3000 (502) → 172.31.240.12:3000 (200)',
  requestMs: 45,
  cause: 'refused or reset',
};
const errorRate: ErrorRate = {
  ...base,
  kind: 'error-rate',
  failed: 11,
  samples: 200,
  thresholdPercent: 2,
  pool: 'green',
  worstPaths: [
    { path: '/pay', failed: 9 },
    { path: '/cart', failed: 2 },
  ],
};

const settled = {
  kind: 'flapping-resolved',
  pool: 'blue',
  standby: 'green',
  failovers: 17,
  served: 4_210,
  lastedMs: 250_000,
  stableMs: 300_000,
} as const;

const away = { kind: 'away', fromMs: base.atMs - 1_740_000, toMs: base.atMs, more: 0 } as const;
const eventsAt = (sinceMs: number, what: readonly string[]) =>
  what.map((words, index) => ({ atMs: sinceMs + (index + 1) * 60_000, what: words }));

const alerts: { readonly [kind in AlertKind]: readonly Alert[] } = {
  failover: [
    failover,
    { ...base, kind: 'failover', from: 'green', to: 'blue', upstream: '10.0.0.1:3000 (200)', requestMs: 3_004 },
    { ...failover, heldBack: { count: 2, sinceMs: base.atMs - 180_000 } },
  ],
  recovery: [
    { ...base, kind: 'recovery', pool: 'blue', standby: 'green', release: 'blue-2', lastedMs: 723_400, served: 4_210 },
    { ...base, kind: 'recovery', pool: 'green', standby: 'blue', lastedMs: 900, served: 1 },
  ],
  switch: [
    { ...base, kind: 'switch', from: 'blue', to: 'green', release: 'green-2' },
    {
      ...base,
      kind: 'switch',
      from: 'blue',
      to: 'green',
      ended: { incident: '1123-1400-6', lastedMs: 61_000, served: 9 },
    },
    {
      ...base,
      kind: 'switch',
      from: 'blue',
      to: 'green',
      ended: { incident: '1123-1400-6', lastedMs: 61_000, served: 9, failovers: 5 },
    },
  ],
  'error-rate': [errorRate],
  'error-rate-resolved': [{ ...base, kind: 'error-rate-resolved', failed: 2, samples: 200, lastedMs: 95_000 }],
  outage: [
    { ...base, kind: 'outage', shownBy: 'requests', causes: {}, upstream: '10.0.0.1:3000 (500) → 10.0.0.2:3000 (500)' },
    { ...base, kind: 'outage', shownBy: 'health-checks', causes: { blue: 'refused', green: 'status 500' } },
  ],
  'outage-resolved': [
    { ...base, kind: 'outage-resolved', pool: 'blue', lastedMs: 7_384_000, unserved: 214 },
    { ...base, kind: 'outage-resolved', lastedMs: 5_000, unserved: 0 },
  ],
  'standby-down': [{ ...base, kind: 'standby-down', pool: 'green', active: 'blue', cause: 'timeout' }],
  'standby-resolved': [
    { ...base, kind: 'standby-resolved', pool: 'green', lastedMs: 42_000, because: 'healthy' },
    { ...base, kind: 'standby-resolved', pool: 'green', lastedMs: 42_000, because: 'active' },
  ],
  flapping: [
    { ...base, kind: 'flapping', pool: 'blue', standby: 'green', failovers: 3, lastedMs: 41_200, cause: 'timed out' },
  ],
  'flapping-resolved': [
    { ...base, ...settled, serving: 'blue' },
    { ...base, ...settled, serving: 'green' },
  ],
  'burn-rate': [
    { ...base, kind: 'burn-rate', sloPercent: 99.9, burn: 16, failed: 80, requests: 5_000 },
    { ...base, kind: 'burn-rate', sloPercent: 99.9, burn: 500, failed: 2_500, requests: 5_000 },
  ],
  'burn-rate-resolved': [
    { ...base, kind: 'burn-rate-resolved', sloPercent: 99.9, lastedMs: 600_000, failed: 1, requests: 400 },
  ],
  away: [
    { ...base, ...away, events: eventsAt(away.fromMs, ['failed over to green', 'recovered to blue']), stillOpen: [] },
    { ...base, ...away, events: eventsAt(away.fromMs, Array(20).fill('outage')), more: 3, stillOpen: ['outage'] },
    {
      ...base,
      ...away,
      fromMs: away.fromMs - 86_400_000,
      events: eventsAt(away.fromMs, ['outage']),
      stillOpen: ['outage'],
    },
  ],
};
const all = Object.values(alerts).flat();

/** What Slack would say to it. */
function fault(alert: Alert, form: 'full' | 'plain' = 'full', settings: Parameters<typeof slackMessage>[1] = context) {
  return faultOf('application/json', JSON.stringify(slackMessage({ alert }, settings, form)));
}

describe('a Slack message', () => {
  it.each(all.map((alert, index) => [`${alert.kind} ${index}`, alert] as const))('reads well: %s', (_, alert) => {
    expect(slackMessage({ alert }, { runbookUrl: 'https://wiki.example/runbook' }, 'full')).toMatchSnapshot();
    expect(plainText(alert, 'shop')).toMatchSnapshot();
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
    ];
    for (const alert of hostile) {
      expect(fault(alert)).toBeUndefined();
      const fields = JSON.stringify(slackMessage({ alert }, {}, 'full').attachments?.[0]?.blocks[0]);
      expect(fields).not.toMatch(/<[!@#h]/);
      // Balanced: every code span that is opened is closed on its line.
      for (const line of fields.split('\\n')) expect((line.match(/`/g) ?? []).length % 2).toBe(0);
    }
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
    expect(JSON.stringify(slackMessage({ alert }, {}, 'full'))).toContain('*Release*\\n–');
    expect(JSON.stringify(slackMessage({ alert }, {}, 'full'))).not.toContain('Cause');
  });
});
