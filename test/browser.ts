import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { eventually } from './condition.ts';

const names = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const flags = ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];

/** Starts the Chromium installed on this machine. */
export async function startBrowser(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM ?? names.find((name) => existsSync(name));
  if (executablePath === undefined)
    throw new Error('Chromium is not installed: apt-get install chromium, or set CHROMIUM');
  return chromium.launch({ executablePath, chromiumSandbox: false, args: [...flags, '--disable-component-update'] });
}

/** An open page and its faults so far. */
export interface OpenPage {
  readonly page: Page;
  /** Script errors, and violations of its Content-Security-Policy. */
  readonly faults: readonly string[];
  close(): Promise<void>;
}

/** Opens a page in its own context. A failed fetch is not a fault, because a watcher may be down. */
export async function openPage(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<OpenPage> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('console', (message) => {
    const isFault = message.type() === 'error' && !message.text().includes('net::ERR_');
    if (isFault) faults.push(message.text());
  });
  // Chromium aborts a load when a network interface appears or disappears, as with the containers of other tests.
  await eventually(`a page at ${url}`, async () => (await page.goto(url).catch(() => null)) !== null);
  return { page, faults, close: () => context.close() };
}
