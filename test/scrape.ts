/** The values of a scrape, by series in its text form, such as `up{job="a"}`. */
export class Scrape {
  readonly text: string;
  readonly #values: ReadonlyMap<string, number>;

  constructor(text: string) {
    this.text = text;
    const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    this.#values = new Map(
      samples.map((line) => {
        const end = line.lastIndexOf(' ');
        return [line.slice(0, end), Number(line.slice(end + 1))];
      }),
    );
  }

  /** @throws if there is no such series */
  value(series: string): number {
    const value = this.#values.get(series);
    if (value === undefined) throw new Error(`no series ${series} in:\n${this.text}`);
    return value;
  }

  has(series: string): boolean {
    return this.#values.has(series);
  }

  /** The names of all series, without labels. */
  names(): ReadonlySet<string> {
    return new Set([...this.#values.keys()].map((series) => series.split('{', 1)[0] ?? ''));
  }

  /** The names of all metrics, even of those that have no series now. */
  metrics(): ReadonlySet<string> {
    return new Set([...this.text.matchAll(/^# HELP (\S+)/gm)].map(([, name = '']) => name));
  }

  /** The values of all series of this name, by their labels in text form. */
  of(name: string): Readonly<Record<string, number>> {
    const own = [...this.#values].filter(([series]) => series.startsWith(`${name}{`));
    return Object.fromEntries(own.map(([series, value]) => [series.slice(name.length), value]));
  }
}
