// Makes the screenshots of the dashboard: the real watcher reads a log with a failover and a deploy in the last quarter of an
// hour, a stand-in for Slack accepts its alerts, and Chromium shows the page.
//
//   node docs/screenshots/make.ts
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JournalRecord } from '../../journal/record.ts';
import type { Pool } from '../../settings/pool.ts';
import { accessLine, reroutedLine } from '../../test/access-lines.ts';
import { openPage, startBrowser } from '../../test/browser.ts';
import { eventually } from '../../test/condition.ts';
import { startFakeSlack } from '../../test/fake-slack.ts';
import { deployFinished, deployStarted, journalText, switchRecord } from '../../test/journal-records.ts';
import { generator } from '../../test/random.ts';
import { WatcherProcess } from '../../test/watcher-process.ts';

const minuteMs = 60_000;
const random = generator(7);
const oldRelease = 'shop-2.3.1';
const newRelease = 'shop-2.4.0';
const nowMs = Date.now();
const ago = (minutes: number) => nowMs - minutes * minuteMs;
const deployed = { deploy: 'd-2411', pool: 'green', release: newRelease, actor: 'ada' } as const;

/** The line of a request at a moment: blue fails over for two and a half minutes; later a deploy makes green active. */
function lineAt(atMs: number, greenFails: boolean): string {
  const active: Pool = atMs < ago(5) ? 'blue' : 'green';
  const hits = random();
  const tookMs = Math.round(4 + 14 * random() ** 3 + (hits > 0.992 ? 180 * random() : 0));
  const fields = {
    active,
    startMs: atMs - tookMs,
    tookMs,
    uri: ['/', '/cart', '/search', '/api/items'][Math.floor(hits * 4)] ?? '/',
  };
  const isBroken = (atMs > ago(12) && atMs < ago(9.5)) || (greenFails && active === 'green');
  if (isBroken && hits < 0.06) return reroutedLine({ ...fields, release: oldRelease, tookMs: tookMs + 3 });
  const release = active === 'blue' ? oldRelease : newRelease;
  if (isBroken) return accessLine({ ...fields, pool: active === 'blue' ? 'green' : 'blue', release: oldRelease });
  return accessLine({ ...fields, release });
}

function lines(fromMs: number, untilMs: number, greenFails = false): string {
  const all: string[] = [];
  for (let atMs = fromMs; atMs < untilMs; ) {
    const rate = 46 + 14 * Math.sin(atMs / (4 * minuteMs)) + 10 * Math.sin(atMs / 17_000);
    atMs += (-Math.log(1 - random()) * 1_000) / rate;
    all.push(`${lineAt(Math.round(atMs), greenFails)}\n`);
  }
  return all.join('');
}

const slack = await startFakeSlack({ unlimited: true });
const watcher = await WatcherProcess.prepare({ SLACK_WEBHOOK_URL: slack.url });
const browser = await startBrowser();
const record = (one: JournalRecord) =>
  appendFileSync(join(watcher.controlDirectory, 'journal.jsonl'), journalText(one));

/** Appends lines to the log and waits until the watcher has read them. */
async function readByWatcher(text: string): Promise<void> {
  const { lines: before } = (await watcher.health()).health.log;
  appendFileSync(watcher.logPath, text);
  const count = before + text.split('\n').length - 1;
  await watcher.until('the lines to be read', ({ log }) => log.lines === count);
}

async function shoot(name: string, width: number, height: number, dark: boolean): Promise<void> {
  const { page, close } = await openPage(browser, watcher.url, {
    viewport: { width, height },
    colorScheme: dark ? 'dark' : 'light',
    timezoneId: 'Europe/Berlin',
  });
  await page.locator('#alerts li').nth(3).waitFor();
  await page.getByText('Live', { exact: true }).first().waitFor();
  await page.screenshot({ path: join(import.meta.dirname, `${name}.png`) });
  await close();
}

try {
  record(deployFinished(ago(3 * 1_440), { ...deployed, deploy: 'd-2398', pool: 'blue', release: oldRelease }));
  watcher.launch();
  await eventually('the watcher to look at the journal', async () => (await watcher.health()).health.down !== null);
  await readByWatcher(lines(ago(15), ago(6.5)));
  record(deployStarted(ago(6.4), { ...deployed, replaces: oldRelease, activeRelease: oldRelease, untilMs: ago(4) }));
  await readByWatcher(lines(ago(6.5), ago(5)));
  record(
    switchRecord('green', ago(5), {
      actor: 'ada',
      reason: 'deploy',
      deploy: 'd-2411',
      release: newRelease,
      replaced: oldRelease,
    }),
  );
  await readByWatcher(lines(ago(5), ago(4.4)));
  const bake = { lastedMs: 30_000, requests: 1_410, failed: 0 };
  record(deployFinished(ago(4.4), { ...deployed, tookMs: 122_000, bake }));
  await readByWatcher(lines(ago(4.4), nowMs));
  // From here on, live traffic keeps the page up to date.
  let fromMs = nowMs;
  let greenFails = false;
  const feeding = setInterval(() => {
    appendFileSync(watcher.logPath, lines(fromMs, Date.now(), greenFails));
    fromMs = Date.now();
  }, 100);
  await shoot('dashboard-light', 1280, 1020, false);
  await shoot('dashboard-dark', 1280, 1020, true);
  greenFails = true;
  await watcher.until('the failover', ({ openIncidents }) => openIncidents.some(({ kind }) => kind === 'failover'));
  await shoot('failover-light', 390, 844, false);
  await shoot('failover-dark', 390, 844, true);
  clearInterval(feeding);
} finally {
  await browser.close();
  await watcher.close();
  await slack.close();
}
