import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anchors } from '../../report/alert-kinds.ts';
import { deploy, errorRate, failover, sampleAlerts, switched } from '../../test/sample-alerts.ts';
import { composedMessages } from '../../test/sample-messages.ts';
import { faultOf } from '../../test/slack-rules.ts';
import type { Alert } from '../alerts/alert.ts';
import type { Message } from '../alerts/message.ts';
import { labels } from '../words/facts.ts';
import { compose, plainMessage } from '../words/message.ts';
import { plainText, wordingOf } from '../words/wording.ts';
import { slackMessage } from './slack.ts';

const links = { runbookUrl: 'https://wiki.example/alerts', dashboardUrl: 'https://ops.example/' };
const context = { identifier: 'shop <prod> & co', runbookUrl: 'https://wiki.example/runbook?a=1&b=2|c#top' };

const all = Object.values(sampleAlerts).flat();

/** The anchor that GitHub and most others derive from a heading. */
const anchorOf = (title: string) => title.toLowerCase().replaceAll(' ', '-');

/** The error with which Slack would refuse it. */
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

  it('has its facts in a fixed order, few enough for a phone, each label once', () => {
    for (const message of [...all.map((alert) => ({ alert })), ...Object.values<Message>(composedMessages)]) {
      const { facts } = compose(message);
      const places = facts.map(({ label }) => labels.indexOf(label));
      expect(places).toEqual(places.toSorted((one, other) => one - other));
      expect(new Set(places).size).toBe(places.length);
      expect(facts.length).toBeLessThanOrEqual(7);
    }
  });

  it('has a first line that fits into the header', () => {
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
  ] as const)('has the tone %s where it should', (tone, kinds) => {
    for (const kind of kinds) for (const alert of sampleAlerts[kind]) expect(wordingOf(alert).tone).toBe(tone);
  });

  it('says how many errors of an error rate reached a visitor', () => {
    const said = [0, 1, errorRate.failed].map((visible) => wordingOf({ ...errorRate, visible }).summary);
    expect(said).toEqual([
      'The other pool answered instead.',
      'Of 11 failed, 1 reached a visitor; the other pool answered the rest.',
      'All 11 that failed reached a visitor.',
    ]);
    expect(wordingOf({ ...errorRate, failed: 1, visible: 1 }).summary).toBe('The one that failed reached a visitor.');
  });

  it('is red for an error rate only if visitors saw errors', () => {
    const tones = [0, 1].map((visible) => wordingOf({ ...errorRate, visible }).tone);
    expect(tones).toEqual(['warning', 'bad']);
  });

  it('is accepted by Slack with any settings', () => {
    for (const alert of all) {
      for (const settings of [{}, context]) {
        expect(fault(alert, 'full', settings)).toBeUndefined();
        expect(fault(alert, 'plain', settings)).toBeUndefined();
      }
    }
  });

  it('has a text whose first line is the headline', () => {
    const { text } = slackMessage({ alert: failover }, { identifier: 'shop' }, 'full');
    expect(text.split('\n')[0]).toBe('Failover detected: blue → green (to standby) [shop]');
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
  ])('shows text from a client as it is: %j', (path) => {
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

  it('keeps any text from outside inside its quotation', () => {
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
          // Angle brackets enclose only our own dates and links.
          const rest = shown.replaceAll(
            /<!date\^\d+\^[^<>|]+\|[-\d: UTC]+>|<https:\/\/(wiki|ops)\.example\/[^<>|]*\|[A-Z]\w+>/g,
            '',
          );
          expect(rest).not.toMatch(/[<>]/);
          // Outside quotations, only a label is bold.
          const unquoted = rest.replaceAll(/`[^`\n]+`/g, '').replace(/^\*[A-Z][a-z ]+\*\n/, '');
          expect(unquoted).not.toMatch(/[*_~`\n]/);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('has no markup and no link from outside in its plain form', () => {
    const alert: Alert = { ...errorRate, worstPaths: [{ path: '/*bold*_it_`code`https://evil.example', failed: 3 }] };
    expect(slackMessage({ alert }, context, 'plain')).toMatchObject({ mrkdwn: false, parse: 'none' });
  });

  it('stays within the limits of Slack even if every character must be escaped', () => {
    const long = '<'.repeat(100_000);
    const worstPaths = Array.from({ length: 30 }, (_, index) => ({ path: `${index}${long}`, failed: 1 }));
    expect(fault({ ...errorRate, worstPaths })).toBeUndefined();
    expect(fault({ ...failover, upstream: long, release: long, cause: long })).toBeUndefined();
    const fields = JSON.stringify(slackMessage({ alert: { ...failover, upstream: long } }, {}, 'full'));
    expect(fields).toContain('*Upstream*\\n`&lt;');
  });

  it('has no empty field', () => {
    const alert = { ...failover, cause: '', release: '`' };
    expect(fault(alert)).toBeUndefined();
    expect(JSON.stringify(slackMessage({ alert }, {}, 'full'))).toContain('*Now serving*\\ngreen –');
    expect(JSON.stringify(slackMessage({ alert }, {}, 'full'))).not.toContain('Cause');
  });
});

/** Fields whose strings come from outside; the others are our own words. */
const outside = new Set(
  'release upstream cause path actor why step restored replaces replaced image activeRelease what blue green'.split(
    ' ',
  ),
);

/** The alert with `text` in every field that can hold a text from outside. */
function withText<T>(value: T, text: string, name = ''): T {
  if (typeof value === 'string')
    return (outside.has(name) || name === 'stillOpen' || name === 'ongoing' ? text : value) as T;
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
