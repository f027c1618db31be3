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

/** An access log as the edge writes it, and as careless people treat it. Counts its lines and switches. */
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

  /** Writes requests that the active pool answered, now or a while ago. */
  write(count: number, { agoMs = 0 } = {}): void {
    const startMs = Date.now() - agoMs;
    const line = () => accessLine({ active: this.active, uri: `/item/${this.lines++}`, startMs });
    const lines = Array.from({ length: count }, line);
    if (lines.length > 0) this.#append(`${lines.join('\n')}\n`);
  }

  /** Writes a line in two parts, so that a reader may see half of it. */
  writeTorn(): void {
    const line = `${accessLine({ active: this.active })}\n`;
    const cut = Math.floor(line.length / 3);
    this.#append(line.slice(0, cut));
    this.#append(line.slice(cut));
    this.lines++;
  }

  /** Makes a planned switch, unless the last one was too recent for the edge's clock to show the order. */
  switch(): void {
    if (Date.now() - this.#lastSwitchMs < 400) return;
    this.#lastSwitchMs = Date.now();
    this.active = this.active === 'blue' ? 'green' : 'blue';
    this.switches++;
    this.write(1);
  }

  /** Rotates as the edge does: rename, then reopen. A worker may still write lines to the old file. */
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

  /** Truncates the log and lets it grow again before a reader notices, possibly past the reader's position. */
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
