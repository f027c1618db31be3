// How long the watcher takes to catch up after a pause, while new lines keep arriving.
//
//   node bench/watcher-catch-up.ts [--away 60] [--out FILE] [RATE…]
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { accessLine } from '../test/access-lines.ts';
import { grouped, markdown } from './edge/figures.ts';
import { readOptions } from './edge/options.ts';
import { machine, report } from './edge/report.ts';
import { Subject } from './subject.ts';

interface CatchUp {
  readonly rate: number;
  readonly behindLines: number;
  readonly behindMb: number;
  readonly seconds: number;
  readonly peakMb: number;
}

const { numbers, out, words } = readOptions({ away: 60 });
const rates = words.length > 0 ? words.map(Number) : [1_000, 5_000, 20_000];
const writesPerSecond = 20;
const warmUpSeconds = 5;
const pollMs = 20;

/** Appends lines at a steady rate. */
class Writer {
  lines = 0;
  bytes = 0;
  readonly #path: string;
  readonly #perWrite: number;
  readonly #timer: NodeJS.Timeout;

  constructor(path: string, rate: number) {
    this.#path = path;
    this.#perWrite = rate / writesPerSecond;
    this.#timer = setInterval(() => this.#write(), 1000 / writesPerSecond);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #write(): void {
    const now = Date.now();
    const lines = Array.from({ length: this.#perWrite }, (_, index) =>
      accessLine({ startMs: now - (index % 50), tookMs: index % 50, uri: `/item/${(this.lines + index) % 997}` }),
    );
    const block = `${lines.join('\n')}\n`;
    appendFileSync(this.#path, block);
    this.lines += lines.length;
    this.bytes += block.length;
  }
}

async function catchUp(directory: string, rate: number): Promise<CatchUp> {
  const subject = await Subject.start(directory);
  const writer = new Writer(subject.logPath, rate);
  try {
    await delay(warmUpSeconds * 1000);
    const before = { lines: writer.lines, bytes: writer.bytes };
    subject.freeze();
    await delay(numbers.away * 1000);
    const behindLines = writer.lines - before.lines;
    const behindMb = (writer.bytes - before.bytes) / 1e6;
    const startedAt = performance.now();
    subject.resume();
    // Caught up once no more than the last write is unread.
    while ((await subject.lines()) < writer.lines - rate / writesPerSecond) await delay(pollMs);
    const seconds = (performance.now() - startedAt) / 1000;
    return { rate, behindLines, behindMb, seconds, peakMb: subject.peakRssMb };
  } finally {
    writer.stop();
    await subject.stop();
  }
}

const at = machine();
const directory = mkdtempSync(join(tmpdir(), 'bluegreen-bench-'));
try {
  const results: CatchUp[] = [];
  for (const rate of rates) results.push(await catchUp(directory, rate));
  const rows = results.map(({ rate, behindLines, behindMb, seconds, peakMb }) => [
    grouped(rate),
    grouped(behindLines),
    grouped(behindMb),
    grouped(seconds, 2),
    grouped(peakMb),
  ]);
  const header = ['lines/s', `behind after ${numbers.away} s: lines`, 'MB', 'caught up after s', 'memory, peak MB'];
  report('catch-up', out, markdown(header, rows), results, at);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
