import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fingerprintOf, pictured } from '../docs/alert-pictures.ts';
import { slackHtml } from '../docs/slack-page.ts';

const docs = join(import.meta.dirname, '../docs');
const text = readFileSync(join(docs, 'alerts.md'), 'utf8');
const sections = text.split(/^#{2,3} /m).slice(1);
const sectionWith = (picture: string) => sections.find((section) => section.includes(`(alerts/${picture}.png)`)) ?? '';

describe('docs/alerts.md', () => {
  it.each(pictured)('shows %s and says what it means, where to look and what to do', (name, message) => {
    const section = sectionWith(name);
    // The headline is there as text too, for searching and for screen readers.
    expect(section).toContain(`![${message.text.split('\n', 1)[0]}](alerts/${name}.png)`);
    for (const part of ['Means', 'Look', 'Do']) expect(section).toMatch(new RegExp(`^- ${part}: \\S`, 'm'));
    expect(existsSync(join(docs, 'alerts', `${name}.png`))).toBe(true);
  });

  it('has up-to-date pictures of the messages (draw them with node docs/render-alerts.ts)', () => {
    const drawn = JSON.parse(readFileSync(join(docs, 'alerts/pictures.json'), 'utf8'));
    expect(drawn).toEqual(Object.fromEntries(pictured.map(([name, message]) => [name, fingerprintOf(message)])));
  });

  it('links only to sections that exist', () => {
    const anchors = sections.map((section) => section.split('\n', 1)[0]?.toLowerCase().replaceAll(' ', '-'));
    const runbook = readFileSync(join(docs, '../RUNBOOK.md'), 'utf8');
    const links = [...`${text}${runbook}`.matchAll(/\]\((?:docs\/alerts\.md)?#([^)]+)\)/g)].map(([, anchor]) => anchor);
    expect(links.length).toBeGreaterThan(30);
    for (const anchor of links) expect(anchors).toContain(anchor);
  });
});

describe('a picture', () => {
  it('renders each mark as Slack does', () => {
    const marks =
      '*Label*\n`a *b* <c>` &lt;!channel&gt; <https://x.example/?a&amp;b|Link> <!date^0^{date_short_pretty} {time_secs}|-> "';
    expect(slackHtml({ text: marks })).toContain(
      '<b>Label</b><br><code>a *b* &lt;c&gt;</code> &lt;!channel&gt; <a href="https://x.example/?a&amp;b">Link</a> Jan 1, 1970 00:00:00 &quot;',
    );
  });
});
