import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { type OpenPage, openPage } from './browser.ts';
import { eventually } from './condition.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

type Color = readonly [red: number, green: number, blue: number];

/** The colors of the charts in the light theme, from `look.css`. */
export const chartColors = {
  blue: [31, 84, 230],
  green: [8, 127, 77],
  failed: [196, 18, 45],
  warning: [154, 91, 0],
} as const satisfies Record<string, Color>;

/** The dashboard in a real browser, as its readers see it. */
export class DashboardPage {
  readonly page: Page;
  readonly #open: OpenPage;

  private constructor(open: OpenPage) {
    this.#open = open;
    this.page = open.page;
  }

  static async open(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<DashboardPage> {
    return new DashboardPage(await openPage(browser, url, options));
  }

  get faults(): readonly string[] {
    return this.#open.faults;
  }

  close(): Promise<void> {
    return this.#open.close();
  }

  /** Waits until an element visibly contains a text. Polls from outside, because a busy machine may draw no frame for long. */
  async says(id: string, text: string | RegExp): Promise<void> {
    const element = this.page.locator(`#${id}`);
    await eventually(
      `#${id} to say ${text}`,
      async () => {
        const said = (await element.isVisible()) ? ((await element.textContent()) ?? '') : '';
        const isSaid = typeof text === 'string' ? said.replaceAll(/\s+/g, ' ').includes(text) : text.test(said);
        if (!isSaid) throw new Error(`it says "${said.slice(0, 300)}"; ${this.faults.join('; ') || 'no faults'}`);
        return true;
      },
      20_000,
    );
  }

  text(id: string): Promise<string> {
    return this.page.locator(`#${id}`).innerText();
  }

  /** Makes the page note when its status word changes. */
  async noteWord(): Promise<void> {
    await this.page.evaluate(`
      globalThis.turned = {};
      new MutationObserver(() => { globalThis.turned[document.getElementById('word').textContent] ??= Date.now(); })
        .observe(document.getElementById('word'), { childList: true, characterData: true, subtree: true });
    `);
  }

  /** When the status word first became this one, in epoch milliseconds. */
  async turnedTo(word: string): Promise<number> {
    await this.says('word', word);
    return Number(await this.page.evaluate(`globalThis.turned[${JSON.stringify(word)}]`));
  }

  /** Counts the updates of the page from now on. The returned function returns their number. */
  async countTicks(): Promise<() => Promise<number>> {
    await this.page.evaluate(`
      globalThis.ticks = 0;
      new MutationObserver(() => globalThis.ticks++)
        .observe(document.getElementById('watcher'), { subtree: true, childList: true, characterData: true });
    `);
    return async () => Number(await this.page.evaluate('globalThis.ticks'));
  }

  /** The number of pixels of a color in a chart. */
  async pixels(plot: 'requests' | 'errors' | 'latency', [red, green, blue]: Color): Promise<number> {
    return Number(
      await this.page.evaluate(`(() => {
        const canvas = document.querySelector('#plot-${plot} canvas');
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        let count = 0;
        for (let at = 0; at < data.length; at += 4)
          if (data[at] === ${red} && data[at + 1] === ${green} && data[at + 2] === ${blue} && data[at + 3] === 255) count++;
        return count;
      })()`),
    );
  }

  /** All accessibility violations that axe finds. */
  async axe(): Promise<readonly string[]> {
    // The page's policy does not apply to scripts that are evaluated from outside.
    await this.page.evaluate(axe);
    const found = await this.page.evaluate('axe.run({ resultTypes: ["violations"] })');
    const { violations } = found as { violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] };
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
    );
  }
}
