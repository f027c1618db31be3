import { randomBytes } from 'node:crypto';
import { closeSync, constants, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { errorCode } from '../system/error-code.ts';
import { flag } from './flag.ts';

/** The edge falls back to passive checks when it sees no new beat for 1.6 s. */
const beatMs = 400;

/** Shows the edge that a living prober guards the pools. */
export interface Guard {
  /** To be called when a verdict may have changed. */
  update(): void;
  stop(): void;
}

/**
 * Writes something different into `prober.alive` at each beat, and keeps `both.up` while both pools are up, so that the edge
 * has one file to look at instead of three. The edge removes both files when the beats stop; they return with the next beat.
 * A prober that cannot set a down flag does not guard anything, so it does not beat: the edge then relies on passive checks.
 */
export function startGuard(directory: string, areBothUp: () => boolean, log: Logger): Guard {
  const alive = join(directory, 'prober.alive');
  const attempt = join(directory, 'prober.attempt');
  const bothUp = flag(join(directory, 'both.up'));
  /** Distinguishes the beats from those of the prober before this one. */
  const id = randomBytes(6).toString('hex');
  let beats = 0;
  let guards = false;
  let stopped = false;
  let fault: string | undefined;

  function beat(): void {
    beats++;
    try {
      createAndRemove(attempt);
      writeInPlace(alive, `${id}-${String(beats).padStart(10, '0')}\n`);
      guards = true;
      fault = undefined;
    } catch (error) {
      guards = false;
      const code = errorCode(error) ?? String(error);
      if (code !== fault)
        log.error({ directory, fault: code }, 'cannot write flags: the edge relies on passive checks');
      fault = code;
    }
    update();
  }

  function update(): void {
    // A check that was in flight at the end must not bring the file back.
    if (stopped) return;
    show(guards && areBothUp());
    if (!guards) remove(alive);
  }

  function show(wanted: boolean): void {
    try {
      if (bothUp.isSet() !== wanted) bothUp.set(wanted, '');
    } catch {
      // Missing, it only costs the edge a few looks; left behind, the edge removes it when the beats stop.
    }
  }

  beat();
  const timer = setInterval(beat, beatMs);
  return {
    update,
    stop() {
      stopped = true;
      clearInterval(timer);
      // In this order: while both.up is there, the edge looks no further.
      show(false);
      remove(alive);
    },
  };
}

/** Proves that a flag could be set and removed now. @throws the error of the file system */
function createAndRemove(path: string): void {
  closeSync(openSync(path, 'w'));
  rmSync(path);
}

/**
 * Overwrites a text of the same length, which a full disk does not prevent. If the text cannot be written, the file is
 * removed: an empty one shows nothing.
 * @throws the error of the file system
 */
function writeInPlace(path: string, text: string): void {
  const descriptor = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o644);
  try {
    writeSync(descriptor, text, 0);
  } catch (error) {
    remove(path);
    throw error;
  } finally {
    closeSync(descriptor);
  }
}

function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // The edge removes it, or stops trusting it, when its content no longer changes.
  }
}
