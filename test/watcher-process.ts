import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Health } from '../watcher/health.ts';

const program = fileURLToPath(new URL('../watcher/main.ts', import.meta.url));

const isUp = /following the access log|waiting for the access log|cannot read the access log/;

/** The real watcher, in a process of its own, on a log and a control directory of its own. */
export class WatcherProcess {
  readonly directory = mkdtempSync(join(tmpdir(), 'watcher-'));
  readonly logPath = join(this.directory, 'access.log');
  readonly controlDirectory = join(this.directory, 'control');
  readonly stateDirectory = join(this.directory, 'state');
  /** Everything it has written to stdout and stderr. */
  output = '';
  readonly #port: number;
  readonly #env: NodeJS.ProcessEnv;
  #child: ChildProcess;
  #exited: Promise<unknown>;

  private constructor(port: number, env: NodeJS.ProcessEnv) {
    this.#port = port;
    this.#env = env;
    mkdirSync(this.controlDirectory);
    this.#child = this.#launch();
    this.#exited = once(this.#child, 'close');
  }

  #launch(): ChildProcess {
    const child = spawn(process.execPath, [program], {
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
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
      });
    }
    return child;
  }

  /** Starts it without waiting for anything, for settings that it must refuse. */
  static async spawn(env: NodeJS.ProcessEnv = {}): Promise<WatcherProcess> {
    return new WatcherProcess(await freePort(), { ...env });
  }

  /** Starts it and waits until it follows its log, or waits for one. */
  static async start(env: NodeJS.ProcessEnv = {}): Promise<WatcherProcess> {
    const watcher = await WatcherProcess.spawn(env);
    await watcher.waitForOutput(isUp);
    return watcher;
  }

  /** Ends it as a power cut would. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  /** Starts it once more after its end, on the same files and with an output of its own, and waits as {@link start} does. */
  async again(env: NodeJS.ProcessEnv = {}): Promise<void> {
    Object.assign(this.#env, env);
    this.output = '';
    this.#child = this.#launch();
    this.#exited = once(this.#child, 'close');
    await this.waitForOutput(isUp);
  }

  log(...lines: string[]): void {
    appendFileSync(this.logPath, lines.map((line) => `${line}\n`).join(''));
  }

  async health(): Promise<{ readonly httpStatus: number; readonly health: Health; readonly text: string }> {
    const response = await fetch(`http://127.0.0.1:${this.#port}/healthz`);
    const text = await response.text();
    return { httpStatus: response.status, health: JSON.parse(text) as Health, text };
  }

  /** Resolves once the output matches; rejects at the deadline, or when it can no longer come. */
  async waitForOutput(pattern: RegExp, deadlineMs = 10_000): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const check = () => {
      if (pattern.test(this.output)) resolve();
    };
    const fail = (why: string) => reject(new Error(`${why} without ${pattern}; it said: ${this.output}`));
    const timer = setTimeout(() => fail(`${deadlineMs} ms have passed`), deadlineMs);
    const ended = () => {
      check();
      fail('the watcher has ended');
    };
    const streams = [this.#child.stdout, this.#child.stderr];
    for (const stream of streams) stream?.on('data', check);
    this.#child.once('close', ended);
    check();
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      for (const stream of streams) stream?.off('data', check);
      this.#child.off('close', ended);
    }
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Its exit status, once it has ended. */
  async exitCode(): Promise<number | null> {
    await this.#exited;
    return this.#child.exitCode;
  }

  async close(): Promise<void> {
    await this.kill();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** A port that nothing listened on a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port is free');
  return address.port;
}
