import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { processInfo, signalGroup } from '../../../system/process-info.ts';
import { messageOf } from '../../terminal/terminal.ts';
import { isReady, migrateConnections } from './hand-over.ts';
import type { HandOver, PlannedService, ReportedService, RunningProcess } from './state-directory.ts';

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

interface Child {
  readonly running: RunningProcess;
  readonly version: string | undefined;
  readonly ended: Promise<void>;
}

/** Keeps one service running or stopped, as planned. */
export function supervise(
  first: PlannedService,
  logPath: string,
  { changed, logError }: Supervision,
): SupervisedService {
  let planned = first;
  let child: Child | undefined;
  const finishing = new Set<Child>();
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
    const ended = waitFor(spawned, running, startedAt);
    child = { running, version: planned.handOver?.version, ended };
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

  async function waitFor(spawned: ChildProcess, running: RunningProcess, startedAt: number): Promise<void> {
    const [exitCode, signal] = (await once(spawned, 'exit')) as [number | null, NodeJS.Signals | null];
    signalGroup(running.pid, 'SIGKILL');
    if (child?.running !== running) {
      for (const other of finishing) if (other.running === running) finishing.delete(other);
      changed();
      return;
    }
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
    const { replacement, handOver } = next;
    if (child !== undefined && handOver !== undefined) {
      if (handOver.version !== child.version) await takeOver(child, handOver);
    } else if (replacement !== undefined && replacement.id !== before.replacement?.id)
      await replace(replacement.stopSignal);
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

  /** The last process serves until the next one does, and still does if that fails. */
  async function takeOver(last: Child, handOver: HandOver): Promise<void> {
    finishing.add(last);
    start();
    const next = child;
    const ready = next !== last && (await isReady(handOver, planned.env, () => child !== next));
    if (!ready) {
      logError(`${planned.name} does not serve with the new plan`, lastEnd ?? 'not ready in time');
      clearTimeout(restartTimer);
      child = last;
      finishing.delete(last);
      if (next !== undefined && next !== last) signalGroup(next.running.pid, 'SIGKILL');
      return;
    }
    const setBack = migrateConnections();
    process.kill(last.running.pid, planned.stopSignal);
    void last.ended.then(setBack);
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
      for (const { running } of finishing) signalGroup(running.pid, 'SIGKILL');
      await stop(planned.stopSignal);
    },
    report: () => ({
      name: planned.name,
      process: child?.running,
      version: child?.version,
      finishing: [...finishing].map(({ running }) => running),
      changing: changes > 0,
      restarts,
      lastEnd,
    }),
  };
}

/** The fields that determine how the process is started. */
function programOf({ wanted: _wanted, replacement: _replacement, ...program }: PlannedService) {
  return program;
}
