import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../../../system/error-code.ts';
import type { Stack } from '../../stack/stack.ts';
import type { ServiceName, StatePart } from '../engine.ts';

/** The directory of stacks with a prefix, inside the directory of the stack without one. */
const otherStacks = 'stacks';
/** Reading and writing the plan takes a few milliseconds. */
const staleLockMs = 2_000;

/** What the supervisor should run. Written by the command line. */
export interface Plan {
  /** Unique to each plan. */
  readonly revision: string;
  readonly services: readonly PlannedService[];
}

export interface PlannedService {
  readonly name: ServiceName;
  readonly command: readonly [string, ...string[]];
  /** In the file without secrets. */
  readonly env: Readonly<Record<string, string>>;
  readonly stopSignal: NodeJS.Signals;
  /** `killed`: stopped without a chance to drain. */
  readonly wanted: 'running' | 'stopped' | 'killed';
  /** Stop the process with this signal and start it again, once for each `id`, even if nothing else has changed. */
  readonly replacement?: { readonly id: string; readonly stopSignal: NodeJS.Signals };
  /** For a service that is replaced without a gap. Whoever changes its environment alone must make it load the change. */
  readonly handOver?: HandOver;
}

/** The next process starts before the last one is stopped, which finishes what it has begun. */
export interface HandOver {
  /** Another process takes over if this changes. */
  readonly version: string;
  /** Succeeds, in the environment of the service, once the next process serves. */
  readonly ready: readonly [string, ...string[]];
}

/** What the supervisor is doing. Written by the supervisor on each change. */
export interface Report {
  readonly supervisor: RunningProcess;
  /** Takes secrets, see `handOver`. */
  readonly socket: string;
  /** The revision of the plan that it follows. */
  readonly revision: string;
  readonly services: readonly ReportedService[];
}

export interface RunningProcess {
  readonly pid: number;
  /** From `processInfo`. */
  readonly startedAt: string;
}

export interface ReportedService {
  readonly name: ServiceName;
  readonly process: RunningProcess | undefined;
  /** Of the running process, see `HandOver`. */
  readonly version?: string | undefined;
  /** Processes that finish what they have begun. */
  readonly finishing?: readonly RunningProcess[];
  /** Whether the service has yet to reach the planned state. */
  readonly changing: boolean;
  readonly restarts: number;
  /** How the process last ended: "exit code 1", "SIGKILL". */
  readonly lastEnd: string | undefined;
}

/** The host engine's files: one directory for each stack, accessible to its owner only. */
export interface StateDirectory {
  readonly path: string;
  readonly control: string;
  readonly accessLog: string;
  /** With a directory for each nginx. */
  readonly run: string;
  readonly watcher: string;
  /** Certificates, keys and the ACME account. */
  readonly tls: string;
  /** ACME challenges, and the report on certificates. */
  readonly acme: string;
  logOf(name: ServiceName | 'supervisor'): string;
  pathOf(part: StatePart): string;
  create(): void;
  exists(): boolean;
  /** Deletes everything except the directories of other stacks inside. */
  remove(): void;
  readonly plan: StateFile<Plan>;
  /** Runs something that reads and writes the plan, unless another command is doing that: then it returns undefined. */
  planning<T>(act: () => T): T | undefined;
  readonly report: StateFile<Report>;
}

export interface StateFile<T> {
  readonly path: string;
  read(): T | undefined;
  write(value: T): void;
}

export function stateDirectoryOf({ root, settings }: Stack): StateDirectory {
  const prefix = settings.STACK_PREFIX;
  return stateDirectory(join(root, '.bluegreen', ...(prefix === undefined ? [] : [otherStacks, prefix])));
}

export function stateDirectory(path: string): StateDirectory {
  const directories = {
    control: join(path, 'control'),
    log: join(path, 'log'),
    run: join(path, 'run'),
    watcher: join(path, 'watcher'),
    tls: join(path, 'certificates'),
    acme: join(path, 'acme'),
  };
  return {
    path,
    control: directories.control,
    run: directories.run,
    watcher: directories.watcher,
    tls: directories.tls,
    acme: directories.acme,
    accessLog: join(directories.log, 'access.log'),
    pathOf: (part) => join(path, part),
    logOf: (name) => join(directories.log, `${name}.log`),
    create() {
      for (const directory of Object.values(directories)) mkdirSync(directory, { recursive: true, mode: 0o700 });
    },
    exists: () => existsSync(path),
    remove() {
      if (!existsSync(path)) return;
      const own = readdirSync(path).filter((name) => name !== otherStacks);
      for (const name of own) rmSync(join(path, name), { recursive: true, force: true });
      if (readdirSync(path).length === 0) rmdirSync(path);
    },
    plan: stateFile(join(path, 'plan.json')),
    planning: (act) => exclusively(join(path, 'plan.lock'), act),
    report: stateFile(join(path, 'report.json')),
  };
}

function exclusively<T>(lock: string, act: () => T): T | undefined {
  try {
    mkdirSync(lock);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
    const heldMs = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    // Its holder was killed.
    if (heldMs > staleLockMs) rmSync(lock, { recursive: true, force: true });
    return undefined;
  }
  try {
    return act();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

function stateFile<T>(path: string): StateFile<T> {
  return {
    path,
    read() {
      try {
        return JSON.parse(readFileSync(path, 'utf8')) as T;
      } catch (error) {
        // A file that a killed process left half-written is ignored and written again.
        if (error instanceof SyntaxError || errorCode(error) === 'ENOENT') return undefined;
        throw error;
      }
    },
    write(value) {
      writeFileSync(`${path}.new`, `${JSON.stringify(value, undefined, 2)}\n`, { mode: 0o600 });
      renameSync(`${path}.new`, path);
    },
  };
}
