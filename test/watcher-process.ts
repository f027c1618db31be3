import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Counters } from '../report/counters.ts';
import type { AlertDelivery } from '../report/delivery.ts';
import type { Health } from '../report/health.ts';
import { eventually } from './condition.ts';
import { freePorts } from './free-port.ts';

const program = fileURLToPath(new URL('../watcher/main.ts', import.meta.url));

const isUp = /following the access log|waiting for the access log|cannot read the access log/;

interface Launched {
  readonly child: ChildProcess;
  readonly exited: Promise<unknown>;
}

/** The real watcher in its own process, with its own log and control directory. It can be restarted. */
export class WatcherProcess {
  readonly directory = mkdtempSync(join(tmpdir(), 'watcher-'));
  readonly logPath = join(this.directory, 'access.log');
  readonly controlDirectory = join(this.directory, 'control');
  readonly stateDirectory: string;
  /** The stdout and stderr of the last process. */
  output = '';
  kills = 0;
  /** The largest peak of the processes killed so far; 0 if it cannot be read. */
  peakRssMb = 0;
  readonly #port: number;
  readonly #env: NodeJS.ProcessEnv;
  readonly #nodeOptions: readonly string[];
  #launched: Launched | undefined;

  private constructor(port: number, env: NodeJS.ProcessEnv, nodeOptions: readonly string[]) {
    this.#port = port;
    this.#env = { ...env };
    this.#nodeOptions = nodeOptions;
    this.stateDirectory = env.STATE_DIR ?? join(this.directory, 'state');
    mkdirSync(this.controlDirectory);
  }

  /** Creates the directories without starting a process. */
  static async prepare(env: NodeJS.ProcessEnv = {}, nodeOptions: readonly string[] = []): Promise<WatcherProcess> {
    const [port = 0] = await freePorts(1);
    return new WatcherProcess(port, env, nodeOptions);
  }

  /** Starts the watcher without waiting, for settings that it must refuse. */
  static async spawn(env: NodeJS.ProcessEnv = {}): Promise<WatcherProcess> {
    const watcher = await WatcherProcess.prepare(env);
    watcher.launch();
    return watcher;
  }

  /** Waits until the watcher follows its log, or waits for it to appear. */
  async untilUp(): Promise<void> {
    await this.waitForOutput(isUp);
  }

  /** Starts the watcher and waits as {@link untilUp} does. */
  static async start(env: NodeJS.ProcessEnv = {}): Promise<WatcherProcess> {
    const watcher = await WatcherProcess.spawn(env);
    try {
      await watcher.untilUp();
    } catch (error) {
      await watcher.close();
      throw error;
    }
    return watcher;
  }

  /** Starts the watcher without waiting, for the first time or again on the same files. */
  launch(): void {
    const child = spawn(process.execPath, [...this.#nodeOptions, program], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        // Compiled once for all tests, as in production.
        NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
        ACCESS_LOG: this.logPath,
        CONTROL_DIR: this.controlDirectory,
        STATE_DIR: this.stateDirectory,
        WATCHER_PORT: String(this.#port),
        BIND_ADDRESS: '127.0.0.1',
        ...this.#env,
      },
    });
    this.output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
      });
    }
    this.#launched = { child, exited: once(child, 'close') };
  }

  /** Starts the watcher again after its end, and waits as {@link start} does. */
  async again(env: NodeJS.ProcessEnv = {}): Promise<void> {
    Object.assign(this.#env, env);
    this.launch();
    await this.untilUp();
  }

  get isRunning(): boolean {
    const child = this.#launched?.child;
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  /** Kills the watcher at whatever it is doing, as a power cut would. */
  async kill(): Promise<void> {
    if (this.#launched === undefined) return;
    const { child, exited } = this.#launched;
    if (this.isRunning) {
      this.peakRssMb = Math.max(this.peakRssMb, peakRssMb(child.pid));
      this.kills++;
    }
    child.kill('SIGKILL');
    await exited;
  }

  /** The URL of the dashboard. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  log(...lines: string[]): void {
    appendFileSync(this.logPath, lines.map((line) => `${line}\n`).join(''));
  }

  async health(): Promise<{ readonly httpStatus: number; readonly health: Health; readonly text: string }> {
    const response = await fetch(`http://127.0.0.1:${this.#port}/healthz`);
    const text = await response.text();
    return { httpStatus: response.status, health: JSON.parse(text) as Health, text };
  }

  /** The counters of each pool. */
  async counters(): Promise<Counters> {
    const response = await fetch(`http://127.0.0.1:${this.#port}/counters`);
    return (await response.json()) as Counters;
  }

  /** The last alerts and their delivery. */
  async alerts(): Promise<readonly AlertDelivery[]> {
    const response = await fetch(`http://127.0.0.1:${this.#port}/alerts`);
    return (await response.json()) as readonly AlertDelivery[];
  }

  /** The metrics in Prometheus' text format. */
  async metrics(): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${this.#port}/metrics`);
    return response.text();
  }

  /** Waits until the health report is as wanted, and returns it. */
  until(what: string, wanted: (health: Health) => boolean, deadlineMs = 30_000): Promise<Health> {
    return eventually(
      what,
      async () => {
        if (!this.isRunning) throw new Error(`the watcher has ended: ${this.output}`);
        const { health, text } = await this.health();
        if (!wanted(health)) throw new Error(`its health is ${text}`);
        return health;
      },
      deadlineMs,
    );
  }

  /** Resolves once the output matches. Rejects at the deadline, or when the watcher has ended. */
  async waitForOutput(pattern: RegExp, deadlineMs = 15_000): Promise<void> {
    const { child } = this.#last();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const check = () => {
      if (pattern.test(this.output)) resolve();
    };
    const fail = (why: string) => reject(new Error(`${why} without ${pattern}; output: ${this.output}`));
    const timer = setTimeout(() => fail(`${deadlineMs} ms have passed`), deadlineMs);
    const ended = () => {
      check();
      fail('the watcher has ended');
    };
    const streams = [child.stdout, child.stderr];
    for (const stream of streams) stream?.on('data', check);
    child.once('close', ended);
    check();
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      for (const stream of streams) stream?.off('data', check);
      child.off('close', ended);
    }
  }

  signal(name: NodeJS.Signals): void {
    this.#last().child.kill(name);
  }

  /** Waits for the end of the process, and returns its exit code. */
  async exitCode(): Promise<number | null> {
    const { child, exited } = this.#last();
    await exited;
    return child.exitCode;
  }

  async close(): Promise<void> {
    await this.kill();
    rmSync(this.directory, { recursive: true, force: true });
  }

  #last(): Launched {
    if (this.#launched === undefined) throw new Error('the watcher has not been started');
    return this.#launched;
  }
}

/** The peak resident memory of a process; see proc_pid_status(5). */
function peakRssMb(pid: number | undefined): number {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
