import type { Pool } from '../../settings/pool.ts';
import type { ServiceName } from '../../settings/services.ts';
import type { Stack } from '../stack/stack.ts';

export { type ServiceName, serviceNames } from '../../settings/services.ts';

export type EngineName = 'compose' | 'host';

export interface Service {
  readonly name: ServiceName;
  readonly state: 'running' | 'restarting' | 'paused' | 'stopped' | 'missing';
  /** What the engine knows beyond the state: health, pid, exit code. */
  readonly detail: string;
}

/** Whether it runs and passes the health check that Docker makes of it, if it is Docker that runs it. */
export function isWell({ state, detail }: Service): boolean {
  return state === 'running' && !detail.includes('unhealthy');
}

/** What can be done to a service from outside, beside what an app offers. */
export type Fault = 'shutdown' | 'kill' | 'freeze';

/** Runs the stack: as containers, or as plain processes on this host. */
export interface Engine {
  readonly name: EngineName;
  /** The same engine, for the stack as its settings have it now. */
  with(stack: Stack): Engine;
  /** Whether any part of the stack is there. */
  isUp(): Promise<boolean>;
  /** Starts the stack, or brings a running one up to date with the settings. Waits for nothing. */
  up(): Promise<void>;
  down(options: { volumes: boolean }): Promise<void>;
  services(): Promise<readonly Service[]>;
  /**
   * Stops a pool's app and starts it as the settings have it now, and nothing else; it is not waited for.
   * @param options `unused`: no visitor has it, so it gets no time to finish requests
   */
  replace(pool: Pool, options: { unused: boolean }): Promise<void>;
  /**
   * Fetches an image, so that nothing has to be waited for later.
   * @returns a reference that will always mean this very image
   * @throws {CommandError} when it cannot be had, or when this engine runs no images
   */
  fetchImage(pool: Pool, image: string, release: string): Promise<string>;
  /** Lets go of what `fetchImage` has kept, if nothing else means it. */
  dropImage(image: string): Promise<void>;
  /** The last lines that a service printed. */
  lastLines(of: ServiceName, count: number): Promise<string>;
  /** Runs a verb of entrypoint.sh in the running edge; its output. */
  edge(...args: string[]): Promise<string>;
  /** Shows what services print, or the access log. */
  logs(of: ServiceName | 'access' | undefined, options: { follow: boolean; lines: number }): Promise<void>;
  inject(name: ServiceName, fault: Fault): Promise<void>;
  /** Undoes every fault of `inject`. */
  heal(name: ServiceName): Promise<void>;
}

export function appOf(pool: Pool): ServiceName {
  return pool === 'blue' ? 'app_blue' : 'app_green';
}
