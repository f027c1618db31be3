import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { watcherNodeOptions } from '../cli/engine/host/plan.ts';
import { freePorts } from '../test/free-port.ts';

const program = join(import.meta.dirname, '../watcher/main.ts');

/** The peak resident memory of a process, in megabytes. 0 if it no longer exists. */
export function peakRssMb(pid: number | undefined): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/** The real watcher on a log of its own, with the options and compile cache of production. */
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
   * Starts the watcher and waits until it answers.
   * @param directory for its files and the compile cache that all watchers share
   * @param prefix the command that starts it, such as `taskset`
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
    // Compiles the program once, as the image's build does: an invalid setting ends it after loading.
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

  /** The number of lines read so far. Negative while the watcher does not answer yet. */
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

  /** User and system time of all threads so far. */
  cpuSeconds(): number {
    // proc_pid_stat(5), in hundredths of a second.
    const fields = readFileSync(`/proc/${this.#child.pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }

  /** Stops the process, like a machine with no processor time for it. */
  freeze(): void {
    this.#child.kill('SIGSTOP');
  }

  resume(): void {
    this.#child.kill('SIGCONT');
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    if (this.#child.exitCode === null) await once(this.#child, 'exit');
  }
}
