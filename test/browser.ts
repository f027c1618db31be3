import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { eventually } from './condition.ts';

const names = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const flags = ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];

/** The Chromium of this machine, such as Debian's. */
export async function startBrowser(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM ?? names.find((name) => existsSync(name));
  if (executablePath === undefined) throw new Error('no Chromium here: apt-get install chromium, or set CHROMIUM');
  return chromium.launch({ executablePath, chromiumSandbox: false, args: [...flags, '--disable-component-update'] });
}

/** A page that has been opened, and everything that was wrong with it so far. */
export interface OpenPage {
  readonly page: Page;
  /** Errors of its scripts, and what its Content-Security-Policy refused. */
  readonly faults: readonly string[];
  close(): Promise<void>;
}

/** Opens a page in a context of its own. What cannot be fetched is no fault: a watcher may be away. */
export async function openPage(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<OpenPage> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('console', (message) => {
    const isFault = message.type() === 'error' && !message.text().includes('net::ERR_');
    if (isFault) faults.push(message.text());
  });
  // Chromium breaks a load off where a container comes or goes meanwhile, as those of other tests do.
  await eventually(`a page at ${url}`, async () => (await page.goto(url).catch(() => null)) !== null);
  return { page, faults, close: () => context.close() };
}
