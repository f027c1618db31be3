import {
  appendFileSync,
  closeSync,
  copyFileSync,
  existsSync,
  openSync,
  renameSync,
  rmSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import type { Pool } from '../../settings/pool.ts';
import { accessLine } from '../access-lines.ts';

const keptRotations = 200;

/** An access log as the edge, and careless hands, write it; it counts what it has written. */
export class EdgeLog {
  readonly path: string;
  lines = 0;
  active: Pool = 'blue';
  switches = 0;
  #descriptor: number | undefined;
  #lastSwitchMs = 0;

  constructor(path: string) {
    this.path = path;
  }

  /** Requests that the active pool answered, now or a while ago. */
  write(count: number, { agoMs = 0 } = {}): void {
    const startMs = Date.now() - agoMs;
    const line = () => accessLine({ active: this.active, uri: `/item/${this.lines++}`, startMs });
    const lines = Array.from({ length: count }, line);
    if (lines.length > 0) this.#append(`${lines.join('\n')}\n`);
  }

  /** A line in two writes, as a reader may meet it. */
  writeTorn(): void {
    const line = `${accessLine({ active: this.active })}\n`;
    const cut = Math.floor(line.length / 3);
    this.#append(line.slice(0, cut));
    this.#append(line.slice(cut));
    this.lines++;
  }

  /** A planned switch, unless the last one was too recently for the edge's clock to tell them apart. */
  switch(): void {
    if (Date.now() - this.#lastSwitchMs < 400) return;
    this.#lastSwitchMs = Date.now();
    this.active = this.active === 'blue' ? 'green' : 'blue';
    this.switches++;
    this.write(1);
  }

  /** As the edge does it: rename, then reopen; a worker may still write a line to the old file. */
  rotate({ lateLines = 0 } = {}): void {
    if (!existsSync(this.path)) return;
    for (let index = keptRotations; index >= 1; index--) {
      if (existsSync(`${this.path}.${index}`)) renameSync(`${this.path}.${index}`, `${this.path}.${index + 1}`);
    }
    renameSync(this.path, `${this.path}.1`);
    this.write(lateLines);
    this.#close();
  }

  copyTruncate(): void {
    copyFileSync(this.path, `${this.path}.1`);
    truncateSync(this.path);
  }

  /** Truncated, and grown past where a reader stood before it looks again. */
  truncateAndRegrow(count: number): void {
    truncateSync(this.path);
    this.write(count);
  }

  deleteAndRecreate(): void {
    this.#close();
    rmSync(this.path);
  }

  garbage(bytes: Buffer): void {
    this.#append(bytes);
    this.lines += bytes.filter((byte) => byte === 10).length;
  }

  #append(text: string | Buffer): void {
    this.#descriptor ??= openSync(this.path, 'a');
    if (typeof text === 'string') writeSync(this.#descriptor, text);
    else appendFileSync(this.#descriptor, text);
  }

  #close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}
