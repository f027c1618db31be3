import type { Pool } from '../../settings/pool.ts';
import { type ServiceName, serviceNames } from '../../settings/services.ts';
import type { Port } from '../stack/port-owner.ts';
import type { Stack, StackSettings } from '../stack/stack.ts';

export type { ServiceName } from '../../settings/services.ts';

export type EngineName = 'compose' | 'host';

export interface Service {
  readonly name: ServiceName;
  readonly state: 'running' | 'restarting' | 'paused' | 'stopped' | 'missing';
  /** What the engine knows beyond the state: health, pid, exit code. */
  readonly detail: string;
}

/** The services of a stack on an engine, in the order in which they are listed. */
export function servicesOf(engine: EngineName, { DOMAINS }: Pick<StackSettings, 'DOMAINS'>): readonly ServiceName[] {
  const absent = new Set<ServiceName>();
  if (engine === 'host') absent.add('edge_gate');
  if (DOMAINS === undefined) absent.add('certificates');
  return serviceNames.filter((name) => !absent.has(name));
}

/** Whether it runs and, on Docker, passes its container's health check. */
export function isHealthy({ state, detail }: Service): boolean {
  return state === 'running' && !detail.includes('unhealthy');
}

/** What must survive the loss of the machine, apart from settings: a directory each on the host, a volume each on Compose. */
export const stateParts = ['control', 'watcher', 'certificates', 'acme'] as const;
export type StatePart = (typeof stateParts)[number];

/** Faults that can be injected from outside, in addition to those of the demo app. */
export type Fault = 'shutdown' | 'kill' | 'freeze';

/** Runs the stack: as containers, or as plain processes on this host. */
export interface Engine {
  readonly name: EngineName;
  /** The ports of this machine that the stack listens on. */
  readonly ports: readonly Port[];
  /** The same engine for a stack with other settings. */
  with(stack: Stack): Engine;
  /** Whether any part of the stack is running. */
  isUp(): Promise<boolean>;
  /** Starts the stack, or applies changed settings to a running one. Does not wait until it serves. */
  up(): Promise<void>;
  down(options: { volumes: boolean }): Promise<void>;
  services(): Promise<readonly Service[]>;
  /**
   * Stops a pool's app and starts it with the current settings. Touches nothing else and does not wait until it is healthy.
   * @param options `unused`: the pool serves no visitors, so it gets no time to finish requests
   */
  replace(pool: Pool, options: { unused: boolean }): Promise<void>;
  /**
   * Replaces services of the kit, as an upgrade does. The edge serves throughout: another nginx takes over.
   * @returns when the new nginx serves; older connections may still be finishing
   */
  replaceKit(services: readonly ServiceName[]): Promise<void>;
  /**
   * Pulls an image ahead of its use.
   * @returns a reference that always resolves to this image
   * @throws {CommandError} if the image cannot be pulled, or if this engine runs no images
   */
  fetchImage(pool: Pool, image: string, release: string): Promise<string>;
  /** Releases what `fetchImage` kept, unless something else refers to it. */
  dropImage(image: string): Promise<void>;
  /** The parts of its state that there are. */
  stateParts(): Promise<readonly StatePart[]>;
  /** Writes its state into a tar file, with a directory for each part. The stack may run meanwhile. */
  saveState(file: string): Promise<void>;
  /**
   * Replaces its state by that in a tar file of either engine. The stack must not run.
   * @param parts those in the file; the stack has no others afterwards
   */
  restoreState(file: string, parts: readonly StatePart[]): Promise<void>;
  /** The last lines that a service printed. */
  lastLines(of: ServiceName, count: number): Promise<string>;
  /** Runs a verb of entrypoint.sh in the running edge and returns its output. */
  edge(...args: string[]): Promise<string>;
  /** Shows the output of services, or the access log. */
  logs(of: ServiceName | 'access' | undefined, options: { follow: boolean; lines: number }): Promise<void>;
  inject(name: ServiceName, fault: Fault): Promise<void>;
  /** Undoes every fault of `inject`. */
  repair(name: ServiceName): Promise<void>;
}

export function appOf(pool: Pool): ServiceName {
  return pool === 'blue' ? 'app_blue' : 'app_green';
}
