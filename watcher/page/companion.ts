import { get } from 'node:http';
import { connect } from 'node:net';
import { errorCode } from '../../system/error-code.ts';

/** Whether another part of the stack answers. `unknown` before the first check, or if its address is not set. */
export type Found =
  | { readonly state: 'unknown' | 'there' }
  /** `sinceMs` is the first failed check; `why` the reason of the last one. */
  | { readonly state: 'gone'; readonly sinceMs: number; readonly why: string };

const everyMs = 1_000;
const timeoutMs = 1_000;
/** Failed checks in a row: a single answer can be late on a busy machine. */
const goneAfter = 2;

/** Checks once a second whether another part of the stack answers. For the dashboard only: no alert depends on it. */
export class Companion {
  readonly #ask: () => Promise<void>;
  #found: Found = { state: 'unknown' };
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #failedMs = 0;

  /** @param ask rejects if there is no answer; the message of its error is shown on the page */
  constructor(ask: () => Promise<void>) {
    this.#ask = ask;
  }

  get found(): Found {
    return this.#found;
  }

  readonly look = async (): Promise<void> => {
    try {
      await this.#ask();
      this.#failures = 0;
      this.#found = { state: 'there' };
    } catch (error) {
      if (this.#failures === 0) this.#failedMs = Date.now();
      this.#failures++;
      if (this.#failures >= goneAfter) this.#found = { state: 'gone', sinceMs: this.#failedMs, why: whyOf(error) };
    }
  };

  start(): void {
    const next = () =>
      void this.look().then(() => {
        if (!this.#stopped) this.#timer = setTimeout(next, everyMs);
      });
    next();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }
}

/** Resolves if something listens at an address, else rejects. @param address host and port */
export function askConnection(address: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const { hostname: host, port } = new URL(`tcp://${address}`);
  // A URL has IPv6 addresses in brackets.
  const socket = connect({ host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) }, resolve);
  socket.on('error', reject);
  return inTime(promise).finally(() => socket.destroy());
}

/** Resolves if a program reports that it is healthy, else rejects. @param address host and port */
export function askHealth(address: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const request = get(`http://${address}/healthz`, { agent: false }, ({ statusCode }) => {
    if (statusCode === 200) resolve();
    else reject(new Error(`status ${statusCode}`));
  });
  request.on('error', reject);
  return inTime(promise).finally(() => request.destroy());
}

async function inTime(promise: Promise<void>): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(() => late.reject(new Error('timed out')), timeoutMs);
  try {
    await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function whyOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error';
  return errorCode(error) ?? error.message;
}
