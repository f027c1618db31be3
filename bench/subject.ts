import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { watcherNodeOptions } from '../cli/engine/host/plan.ts';
import { freePorts } from '../test/free-port.ts';

const program = join(import.meta.dirname, '../watcher/main.ts');

/** The highest that a process has been at, in megabytes; 0: it is gone. */
export function peakRssMb(pid: number | undefined): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/** The real watcher, with the options and the compile cache that it has in production, on a log of its own. */
export class Subject {
  readonly logPath: string;
  readonly #port: number;
  readonly #child: ChildProcess;

  private constructor(run: string, port: number, child: ChildProcess) {
    this.logPath = join(run, 'access.log');
    this.#port = port;
    this.#child = child;
  }

  /**
   * Starts it and waits until it answers.
   * @param directory for its files, and for the compile cache that all of them share
   * @param prefix what it is started with, such as `taskset`
   */
  static async start(directory: string, prefix: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<Subject> {
    const run = mkdtempSync(join(directory, 'run-'));
    const [port = 0] = await freePorts(1);
    mkdirSync(join(run, 'control'));
    const common = {
      PATH: process.env.PATH,
      NODE_OPTIONS: watcherNodeOptions,
      NODE_COMPILE_CACHE: join(directory, 'compiled'),
    };
    // As the image's build does: compiled once, and ended by a wrong setting.
    spawnSync(process.execPath, [program], { env: { ...common, WATCHER_PORT: 'none' } });
    const [command = process.execPath, ...args] = [...prefix, process.execPath, program];
    const child = spawn(command, args, {
      stdio: 'ignore',
      env: {
        ...common,
        ACCESS_LOG: join(run, 'access.log'),
        CONTROL_DIR: join(run, 'control'),
        STATE_DIR: join(run, 'state'),
        BIND_ADDRESS: '127.0.0.1',
        WATCHER_PORT: String(port),
        ...env,
      },
    });
    const subject = new Subject(run, port, child);
    while ((await subject.lines()) < 0) await delay(20);
    return subject;
  }

  /** Lines that it has read; negative: it does not answer yet. */
  async lines(): Promise<number> {
    if (this.#child.exitCode !== null) throw new Error(`the watcher ended with ${this.#child.exitCode}`);
    try {
      const response = await fetch(`http://127.0.0.1:${this.#port}/healthz`);
      return ((await response.json()) as { log: { lines: number } }).log.lines;
    } catch {
      return -1;
    }
  }

  get peakRssMb(): number {
    return peakRssMb(this.#child.pid);
  }

  /** User and system time of all its threads so far. */
  cpuSeconds(): number {
    // proc_pid_stat(5), in hundredths of a second.
    const fields = readFileSync(`/proc/${this.#child.pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }

  /** As a machine does that has no time for it. */
  freeze(): void {
    this.#child.kill('SIGSTOP');
  }

  goOn(): void {
    this.#child.kill('SIGCONT');
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    if (this.#child.exitCode === null) await once(this.#child, 'exit');
  }
}
