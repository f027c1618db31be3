import { get } from 'node:http';
import { connect } from 'node:net';
import { errorCode } from '../../system/error-code.ts';

/** How another part of the stack was found. `unknown`: it has not been asked yet, or nobody says where it is. */
export type Found =
  | { readonly state: 'unknown' | 'there' }
  /** Since its first answer that did not come, and why. */
  | { readonly state: 'gone'; readonly sinceMs: number; readonly why: string };

const everyMs = 1_000;
const timeoutMs = 1_000;
/** One answer can be late on a busy machine. */
const goneAfter = 2;

/** Asks another part of the stack once a second whether it is there: for the dashboard alone, no alert rests on it. */
export class Companion {
  readonly #ask: () => Promise<void>;
  #found: Found = { state: 'unknown' };
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #failedMs = 0;

  /** @param ask rejects, with a reason that may be shown, if it is not there */
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

/** Whether something listens there. @param address host and port */
export function askConnection(address: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const { hostname: host, port } = new URL(`tcp://${address}`);
  const socket = connect({ host, port: Number(port) }, resolve);
  socket.on('error', reject);
  return inTime(promise).finally(() => socket.destroy());
}

/** Whether a program says that it is well. @param address host and port */
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
