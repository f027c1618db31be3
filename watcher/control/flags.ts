import { closeSync, constants, fstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Muted, muted } from '../../journal/muted.ts';
import type { Pool } from '../../settings/pool.ts';
import { ControlFile } from './control-file.ts';
import { Heartbeat } from './heartbeat.ts';

/** The prober's flag for a pool that is down. */
export interface DownFlag {
  /** When the watcher first saw it, in epoch milliseconds. */
  readonly seenMs: number;
  /** The prober's text, such as `refused` or `status 500`. */
  readonly cause?: string | undefined;
}

/** The state of the control directory. Plain data. */
export interface DownFlags {
  readonly active: Pool;
  readonly blue: DownFlag | null;
  readonly green: DownFlag | null;
  /** A living prober guards the pools; missing: nobody does, and the edge relies on passive checks. */
  readonly guarded?: true;
  /** The prober's flag for a machine that is too busy: both pools are late, and neither is down for that. */
  readonly overloaded?: true;
  /** Set while visitors get the maintenance page. */
  readonly maintenance?: true;
  /** The content of `muted.json`, even after the mute has expired; missing if there is none or it is invalid. */
  readonly muted?: Muted | undefined;
}

const maxContentBytes = 512;
const maxMutedBytes = 4_096;
const printable = /^[\x20-\x7e]{1,60}$/;

/** Reads the control directory, in which a file's existence is a state. Never writes to it. */
export class ControlDirectory {
  readonly directory: string;
  readonly #mutedFile: ControlFile;
  readonly #heartbeat: Heartbeat;
  #last: DownFlags | null;
  #muted: Muted | undefined;
  #mutedFault: string | null = null;

  /** @param last the state before a restart, which has the times since when pools are down */
  constructor(directory: string, last: DownFlags | null = null) {
    this.directory = directory;
    this.#mutedFile = new ControlFile(join(directory, 'muted.json'), maxMutedBytes);
    this.#heartbeat = new Heartbeat(join(directory, 'prober.alive'));
    this.#last = last;
  }

  /** Why `muted.json` is ignored; null if it is valid or missing. */
  get mutedFault(): string | null {
    return this.#mutedFault;
  }

  /** Reads the directory; null if it does not exist. */
  read(nowMs: number): DownFlags | null {
    if (!exists(this.directory)) {
      this.#last = null;
      return null;
    }
    const active = exists(join(this.directory, 'active.green')) ? 'green' : 'blue';
    this.#readMuted();
    const down = { blue: this.#flag('blue', nowMs), green: this.#flag('green', nowMs) };
    this.#last = {
      active,
      ...down,
      ...(this.#heartbeat.isAlive() ? { guarded: true } : {}),
      ...(exists(join(this.directory, 'overloaded')) ? { overloaded: true } : {}),
      ...(exists(join(this.directory, 'maintenance')) ? { maintenance: true } : {}),
      muted: this.#muted,
    };
    return this.#last;
  }

  /** The percentage of visitors sent to the standby; 0 without a canary. The canary's files are named after the active pool. */
  canaryPercent(active: Pool): number {
    if (!exists(join(this.directory, `canary.${active}`))) return 0;
    try {
      return readdirSync(this.directory).filter((name) => name.startsWith(`canary.${active}.`)).length;
    } catch {
      return 0;
    }
  }

  #readMuted(): void {
    const content = this.#mutedFile.read();
    if (content === undefined) return;
    this.#muted = content.found === 'text' ? mutedIn(content.text) : undefined;
    if (content.found === 'fault') this.#mutedFault = content.fault;
    else this.#mutedFault = content.found === 'text' && this.#muted === undefined ? 'invalid' : null;
  }

  #flag(pool: Pool, nowMs: number): DownFlag | null {
    const path = join(this.directory, `${pool}.down`);
    if (!exists(path)) return null;
    const before = this.#last?.[pool];
    // A later time means that the clock was set back.
    const seenMs = Math.min(before?.seenMs ?? nowMs, nowMs);
    return { seenMs, cause: before?.cause ?? readCause(path) };
  }
}

function exists(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}

function mutedIn(text: string): Muted | undefined {
  try {
    return muted.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** The flag is valid whatever the file contains, but only a short, printable cause is used. */
function readCause(path: string): string | undefined {
  let descriptor: number | undefined;
  try {
    // O_NONBLOCK: opening a named pipe would block forever.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    if (!fstatSync(descriptor).isFile()) return undefined;
    const bytes = Buffer.alloc(maxContentBytes);
    const content: unknown = JSON.parse(bytes.toString('utf8', 0, readSync(descriptor, bytes, 0, maxContentBytes, 0)));
    const cause = typeof content === 'object' && content !== null && 'cause' in content ? content.cause : undefined;
    return typeof cause === 'string' && printable.test(cause) ? cause : undefined;
  } catch {
    return undefined;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
