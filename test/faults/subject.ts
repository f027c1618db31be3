import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Health } from '../../watcher/health.ts';
import { eventually } from '../condition.ts';
import { freePorts } from '../free-port.ts';

const program = join(import.meta.dirname, '../../watcher/main.ts');

/** The real watcher, which is killed and started again on the same directories. */
export class Subject {
  readonly directory = mkdtempSync(join(tmpdir(), 'bluegreen-faults-'));
  readonly logPath = join(this.directory, 'access.log');
  readonly controlDirectory = join(this.directory, 'control');
  readonly stateDirectory: string;
  kills = 0;
  output = '';
  /** Of the largest process that was killed so far; 0 where that cannot be seen. */
  peakRssMb = 0;
  readonly #env: Readonly<Record<string, string>>;
  readonly #nodeOptions: readonly string[];
  #port = 0;
  #child: ChildProcess | undefined;

  constructor(env: Readonly<Record<string, string>>, nodeOptions: readonly string[] = []) {
    this.#env = env;
    this.#nodeOptions = nodeOptions;
    this.stateDirectory = env.STATE_DIR ?? join(this.directory, 'state');
    mkdirSync(this.controlDirectory);
  }

  async start(): Promise<void> {
    if (this.#port === 0) [this.#port = 0] = await freePorts(1);
    const child = spawn(process.execPath, [...this.#nodeOptions, program], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        ACCESS_LOG: this.logPath,
        CONTROL_DIR: this.controlDirectory,
        STATE_DIR: this.stateDirectory,
        WATCHER_PORT: String(this.#port),
        BIND_ADDRESS: '127.0.0.1',
        ...this.#env,
      },
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.output = (this.output + text).slice(-20_000);
      });
    }
    this.#child = child;
  }

  /** At whatever it is doing. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.peakRssMb = Math.max(this.peakRssMb, peakRssMb(child.pid));
    const exited = once(child, 'close');
    child.kill('SIGKILL');
    await exited;
    this.kills++;
    this.#child = undefined;
  }

  async health(): Promise<Health> {
    const response = await fetch(`http://127.0.0.1:${this.#port}/healthz`);
    return (await response.json()) as Health;
  }

  isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** The health report, once it is as it is wanted. */
  until(what: string, wanted: (health: Health) => boolean, deadlineMs = 30_000): Promise<Health> {
    return eventually(
      what,
      async () => {
        if (!this.isRunning()) throw new Error(`the watcher has ended: ${this.output}`);
        const health = await this.health();
        return wanted(health) ? health : undefined;
      },
      deadlineMs,
    );
  }

  async close(): Promise<void> {
    this.#child?.kill('SIGKILL');
    if (this.#child !== undefined && this.isRunning()) await once(this.#child, 'close');
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** proc_pid_status(5): the most memory that a process has had. */
function peakRssMb(pid: number | undefined): number {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
