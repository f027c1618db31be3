import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { Agent, request } from 'undici';
import { networks, overlapping } from '../cli/engine/compose/subnet.ts';
import type { EngineName } from '../cli/engine/engine.ts';
import { variableNames } from '../settings/variables.ts';
import { lookupAs } from '../system/lookup.ts';
import { freeBlock } from './free-port.ts';
import { type RunningCommand, startCommand } from './running-command.ts';

export const root = join(import.meta.dirname, '..');

export interface Outcome {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** A whole stack, run with the command line as a user runs it. It does not conflict with other stacks. */
export interface TestStack {
  readonly engine: EngineName;
  /** Of the site: that of the main domain, if there are DOMAINS. */
  readonly url: string;
  readonly ports: Readonly<Record<'nginx' | 'blue' | 'green' | 'watcher', number>>;
  /** Used on the host engine only. */
  readonly proberPort: number;
  readonly prefix: string;
  readonly envFile: string;
  /** Replaces the settings. The next `up` applies them. */
  configure(settings: Readonly<Record<string, string>>): void;
  /** Runs a command to its end. */
  bluegreen(...args: string[]): Promise<Outcome>;
  /** Starts a command, whose output can be read and which can be interrupted while it runs. */
  start(...args: string[]): RunningCommand;
  /** Runs any program in the environment of this stack's commands. */
  run(command: string, ...args: string[]): Promise<Outcome>;
  /** Sends one request through the edge. */
  ask(path?: string): Promise<{ status: number; pool: string | undefined; release: string | undefined; body: string }>;
  /** Stops the stack and deletes everything that belongs to it. */
  remove(): Promise<void>;
}

/** Of this process. */
let stacks = 0;

export async function createStack(
  engine: EngineName,
  settings: Readonly<Record<string, string>> = {},
): Promise<TestStack> {
  const directory = mkdtempSync(join(tmpdir(), 'bluegreen-stack-'));
  const envFile = join(directory, '.env');
  // The last two are the ports that the host engine derives from WATCHER_PORT.
  const [https = 0, nginx = 0, blue = 0, green = 0, watcher = 0, , proberPort = 0] = await freeBlock(7);
  stacks += 1;
  const prefix = `test${process.pid}-${stacks === 1 ? '' : `${stacks}-`}`;
  const base = {
    STACK_PREFIX: prefix,
    NGINX_PORT: String(nginx),
    HTTPS_PORT: String(https),
    BLUE_PORT: String(blue),
    GREEN_PORT: String(green),
    WATCHER_PORT: String(watcher),
    ...(engine === 'compose' ? { SUBNET_PREFIX: await freeSubnet() } : {}),
  };
  const environment = ownEnvironment(engine);
  const [mainDomain] = settings.DOMAINS?.split(',') ?? [];
  const toThisMachine = new Agent({ connect: { lookup: lookupAs('127.0.0.1'), rejectUnauthorized: false } });

  function configure(changed: Readonly<Record<string, string>>): void {
    const lines = Object.entries({ ...base, ...settings, ...changed }).map(([name, value]) => `${name}=${value}\n`);
    writeFileSync(envFile, lines.join(''));
  }

  async function run(command: string, ...args: string[]): Promise<Outcome> {
    const options = { cwd: root, env: environment, extendEnv: false, reject: false, stdin: 'ignore' } as const;
    const { exitCode, stdout, stderr } = await execa(command, args, options);
    return { exitCode, stdout, stderr };
  }

  const commandLine = (args: readonly string[]) => ['--engine', engine, '--env-file', envFile, ...args];

  configure({});
  const stack: TestStack = {
    engine,
    url: mainDomain === undefined ? `http://127.0.0.1:${nginx}` : `https://${mainDomain}:${https}`,
    ports: { nginx, blue, green, watcher },
    proberPort,
    prefix,
    envFile,
    configure,
    run,
    bluegreen: (...args) => run('./bluegreen', ...commandLine(args)),
    start: (...args) => startCommand('./bluegreen', commandLine(args), { cwd: root, env: environment }),
    async ask(path = '/version') {
      const { statusCode, headers, body } = await request(stack.url + path, { dispatcher: toThisMachine });
      const text = (name: string) => (typeof headers[name] === 'string' ? headers[name] : undefined);
      return { status: statusCode, pool: text('x-app-pool'), release: text('x-release-id'), body: await body.text() };
    },
    async remove() {
      const { exitCode, stderr } = await stack.bluegreen('down', '--volumes');
      // They are named after the stack, so nothing else uses them. Those that were never built are ignored.
      const images = ['edge', 'node', 'proof', 'certificates'].map((target) => `${prefix}bluegreen-${target}:local`);
      if (engine === 'compose') await run('docker', 'image', 'rm', ...images);
      rmSync(directory, { recursive: true, force: true });
      if (exitCode !== 0) throw new Error(`the stack does not stop: ${stderr}`);
    },
  };
  return stack;
}

/** A subnet that no network uses, not even one left by a killed run. */
async function freeSubnet(): Promise<string> {
  const taken = await networks();
  const candidates = Array.from({ length: 16 }, (_, index) => `172.31.${232 + index}`);
  const free = candidates.find((prefix) => overlapping(prefix, taken).length === 0);
  if (free === undefined)
    throw new Error(`other networks use every subnet of the tests (${candidates.join(', ')}):\n${taken}`);
  return free;
}

/** The caller's environment without our variables, so that only the test's .env applies. Base images stay on Compose. */
function ownEnvironment(engine: EngineName): NodeJS.ProcessEnv {
  const kept = engine === 'compose' ? ['NODE_IMAGE', 'NGINX_IMAGE', 'LEGO_IMAGE'] : [];
  const env = { ...process.env };
  for (const name of variableNames) if (!kept.includes(name)) delete env[name];
  return env;
}

/** @throws with the output of the command if it has failed */
export function expectDone(outcome: Outcome): Outcome {
  if (outcome.exitCode !== 0) throw new Error(`exit code ${outcome.exitCode}\n${outcome.stdout}\n${outcome.stderr}`);
  return outcome;
}
