import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { processInfo, signalGroup } from '../../../system/process-info.ts';
import { messageOf } from '../../terminal/terminal.ts';
import type { PlannedService, ReportedService, RunningProcess } from './state-directory.ts';

const stopDeadlineMs = 10_000;
// Docker's restart policy: the delay doubles with each exit and resets after ten seconds of running.
const firstRestartDelayMs = 100;
const longestRestartDelayMs = 60_000;
const stableAfterMs = 10_000;

export interface SupervisedService {
  /** Starts, stops or restarts the service as the plan requires. */
  apply(planned: PlannedService): void;
  stop(): Promise<void>;
  report(): ReportedService;
}

export interface Supervision {
  /** Called when the report changes. */
  readonly changed: () => void;
  readonly logError: (what: string, error: unknown) => void;
}

/** Keeps one service running or stopped, as planned. */
export function supervise(
  first: PlannedService,
  logPath: string,
  { changed, logError }: Supervision,
): SupervisedService {
  let planned = first;
  let child: { running: RunningProcess; ended: Promise<void> } | undefined;
  let restartTimer: NodeJS.Timeout | undefined;
  let restartDelayMs = firstRestartDelayMs;
  let restarts = 0;
  let lastEnd: string | undefined;
  let changes = 0;
  /** The process is being stopped in order to be started again. */
  let replacing = false;

  function start(): void {
    const [command, ...args] = planned.command;
    const log = openLog();
    if (log === undefined) return;
    const startedAt = Date.now();
    // In its own process group, so that its children can be stopped with it. It writes to its log file directly, because with
    // a pipe it would die with the supervisor.
    const spawned = spawn(command, args, { env: planned.env, stdio: ['ignore', log, log], detached: true });
    closeSync(log);
    const pid = spawned.pid;
    if (pid === undefined) {
      spawned.once('error', notStarted);
      return;
    }
    const running = { pid, startedAt: processInfo(pid)?.startedAt ?? '' };
    child = { running, ended: waitFor(spawned, pid, startedAt) };
    changed();
  }

  function openLog(): number | undefined {
    try {
      return openSync(logPath, 'a', 0o600);
    } catch (error) {
      notStarted(error);
      return undefined;
    }
  }

  function notStarted(error: unknown): void {
    logError(`cannot start ${planned.name}`, error);
    lastEnd = messageOf(error);
    scheduleRestart();
    changed();
  }

  async function waitFor(spawned: ChildProcess, pid: number, startedAt: number): Promise<void> {
    const [exitCode, signal] = (await once(spawned, 'exit')) as [number | null, NodeJS.Signals | null];
    signalGroup(pid, 'SIGKILL');
    child = undefined;
    lastEnd = signal ?? `exit code ${exitCode}`;
    if (Date.now() - startedAt >= stableAfterMs) restartDelayMs = firstRestartDelayMs;
    if (planned.wanted === 'running' && !replacing) scheduleRestart();
    changed();
  }

  function scheduleRestart(): void {
    restarts += 1;
    restartTimer = setTimeout(start, restartDelayMs);
    restartDelayMs = Math.min(restartDelayMs * 2, longestRestartDelayMs);
  }

  async function stop(signal: NodeJS.Signals): Promise<void> {
    clearTimeout(restartTimer);
    if (child === undefined) return;
    const { running, ended } = child;
    process.kill(running.pid, signal);
    // A stopped process handles no signal until it continues.
    signalGroup(running.pid, 'SIGCONT');
    const tooLate = setTimeout(() => signalGroup(running.pid, 'SIGKILL'), stopDeadlineMs);
    await ended;
    clearTimeout(tooLate);
  }

  async function follow(before: PlannedService, next: PlannedService): Promise<void> {
    if (next.wanted === 'killed') return stop('SIGKILL');
    if (next.wanted === 'stopped') return stop(before.stopSignal);
    const { replacement } = next;
    if (replacement !== undefined && replacement.id !== before.replacement?.id) await replace(replacement.stopSignal);
    else if (!isDeepStrictEqual(programOf(before), programOf(next))) await replace(before.stopSignal);
    else begin();
  }

  async function replace(stopSignal: NodeJS.Signals): Promise<void> {
    replacing = true;
    await stop(stopSignal);
    replacing = false;
    // Another plan may have arrived meanwhile.
    if (planned.wanted === 'running') begin();
  }

  function begin(): void {
    restartDelayMs = firstRestartDelayMs;
    clearTimeout(restartTimer);
    if (child === undefined) start();
  }

  if (planned.wanted === 'running') start();
  return {
    apply(next) {
      const before = planned;
      planned = next;
      changes += 1;
      void follow(before, next).then(() => {
        changes -= 1;
        changed();
      });
    },
    async stop() {
      planned = { ...planned, wanted: 'stopped' };
      await stop(planned.stopSignal);
    },
    report: () => ({ name: planned.name, process: child?.running, changing: changes > 0, restarts, lastEnd }),
  };
}

/** The fields that determine how the process is started. */
function programOf({ wanted: _wanted, replacement: _replacement, ...program }: PlannedService) {
  return program;
}
