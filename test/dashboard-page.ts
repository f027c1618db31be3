import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { type OpenPage, openPage } from './browser.ts';
import { eventually } from './condition.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

type Color = readonly [red: number, green: number, blue: number];

/** The colours of the charts in the light look, as `look.css` has them. */
export const chartColors = {
  blue: [31, 84, 230],
  green: [8, 127, 77],
  failed: [196, 18, 45],
  warning: [154, 91, 0],
} as const satisfies Record<string, Color>;

/** The dashboard in a real browser, by what a reader of it meets. */
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

  /** Waits until an element says something that can be seen. Asked from here: a busy machine may draw no frame for long. */
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

  /** From now on the page notes when its word becomes another one. */
  async noteWord(): Promise<void> {
    await this.page.evaluate(`
      globalThis.turned = {};
      new MutationObserver(() => { globalThis.turned[document.getElementById('word').textContent] ??= Date.now(); })
        .observe(document.getElementById('word'), { childList: true, characterData: true, subtree: true });
    `);
  }

  /** When the word first became this one, by the clock of this machine. */
  async turnedTo(word: string): Promise<number> {
    await this.says('word', word);
    return Number(await this.page.evaluate(`globalThis.turned[${JSON.stringify(word)}]`));
  }

  /** Tells how often the page has shown something new from now on. */
  async countTicks(): Promise<() => Promise<number>> {
    await this.page.evaluate(`
      globalThis.ticks = 0;
      new MutationObserver(() => globalThis.ticks++)
        .observe(document.getElementById('watcher'), { subtree: true, childList: true, characterData: true });
    `);
    return async () => Number(await this.page.evaluate('globalThis.ticks'));
  }

  /** How much of a chart is of a colour. */
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

  /** What axe has to say, all of it. */
  async axe(): Promise<readonly string[]> {
    // Evaluated from outside, which the page's policy has no say in.
    await this.page.evaluate(axe);
    const found = await this.page.evaluate('axe.run({ resultTypes: ["violations"] })');
    const { violations } = found as { violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] };
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
    );
  }
}
