import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { deploy, errorRate, failover, sampleAlerts, switched } from '../test/sample-alerts.ts';
import { faultOf } from '../test/slack-rules.ts';
import type { Alert } from './alert.ts';
import { slackMessage } from './slack-message.ts';
import { plainText, wordingOf } from './wording.ts';

const context = { identifier: 'shop <prod> & co', runbookUrl: 'https://wiki.example/runbook?a=1&b=2|c#top' };

const all = Object.values(sampleAlerts).flat();

/** What Slack would say to it. */
function fault(alert: Alert, form: 'full' | 'plain' = 'full', settings: Parameters<typeof slackMessage>[1] = context) {
  return faultOf('application/json', JSON.stringify(slackMessage({ alert }, settings, form)));
}

describe('a Slack message', () => {
  it.each(all.map((alert, index) => [`${alert.kind} ${index}`, alert] as const))('reads well: %s', (_, alert) => {
    expect(slackMessage({ alert }, { runbookUrl: 'https://wiki.example/runbook' }, 'full')).toMatchSnapshot();
    expect(plainText(alert, 'shop')).toMatchSnapshot();
  });

  it('links to a section that the runbook has', () => {
    const runbook = readFileSync(new URL('../RUNBOOK.md', import.meta.url), 'utf8');
    const sections = [...runbook.matchAll(/^## (.+)$/gm)].map(([, title = '']) =>
      title.toLowerCase().replaceAll(' ', '-'),
    );
    for (const alert of all) expect(sections).toContain(wordingOf(alert).anchor);
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
