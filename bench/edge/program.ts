import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { signalGroup } from '../../system/process-info.ts';

/** A program in a process group of its own, killed when the bench exits. */
export interface Program {
  readonly pid: number;
  /** @throws if the program has exited */
  assertRunning(): void;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

export interface ProgramOptions {
  readonly env: Readonly<Record<string, string>>;
  /** The processor it may use. Undefined for any. */
  readonly core?: number | undefined;
  /** The file its standard output is appended to. Undefined to discard it. */
  readonly stdoutPath?: string | undefined;
}

const stopLimitMs = 10_000;
const running = new Set<ChildProcess>();

export function startProgram(name: string, command: readonly [string, ...string[]], options: ProgramOptions): Program {
  const { env, core, stdoutPath } = options;
  const pinned = core === undefined ? command : (['taskset', '-c', String(core), ...command] as const);
  const [file, ...args] = pinned;
  const stdout = stdoutPath === undefined ? undefined : openSync(stdoutPath, 'a');
  const child = spawn(file as string, args, { env, detached: true, stdio: ['ignore', stdout ?? 'ignore', 'pipe'] });
  if (stdout !== undefined) closeSync(stdout);
  let output = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    output = `${output}${text}`.slice(-2_000);
  });
  child.on('error', (error) => {
    output += error.message;
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  const hasEnded = () => child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
  return {
    pid: child.pid ?? 0,
    assertRunning() {
      if (hasEnded()) throw new Error(`${name} ended with ${child.signalCode ?? child.exitCode}: ${output}`);
    },
    async stop(signal = 'SIGTERM') {
      if (child.pid === undefined || hasEnded()) return;
      const ended = once(child, 'exit');
      child.kill(signal);
      const late = setTimeout(() => signalGroup(child.pid as number, 'SIGKILL'), stopLimitMs);
      await ended;
      clearTimeout(late);
      // A shell may leave children behind.
      signalGroup(child.pid, 'SIGKILL');
    },
  };
}

/** No program outlives the bench, however it ends. */
process.on('exit', () => {
  for (const { pid } of running) if (pid !== undefined) signalGroup(pid, 'SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));
