// Draws the pictures of docs/alerts.md: CHROMIUM=/path/to/chromium node docs/render-alerts.ts
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { fingerprintOf, pictured } from './alert-pictures.ts';
import { pageWidthPx, slackPage } from './slack-page.ts';

const folder = join(import.meta.dirname, 'alerts');
const chromiumOptions = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'];

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [...chromiumOptions, '--disable-background-networking', '--disable-component-update'],
});
try {
  const page = await browser.newPage({ viewport: { width: pageWidthPx, height: 800 }, deviceScaleFactor: 1.25 });
  await page.setContent(slackPage(pictured));
  for (const [name] of pictured) await page.locator(`#${name}`).screenshot({ path: join(folder, `${name}.png`) });
  const fingerprints = Object.fromEntries(pictured.map(([name, message]) => [name, fingerprintOf(message)]));
  writeFileSync(join(folder, 'pictures.json'), `${JSON.stringify(fingerprints, undefined, 2)}\n`);
} finally {
  await browser.close();
}
