import { execa } from 'execa';

export interface WrkResult {
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers that were no 2xx or 3xx, and connections that failed. */
  readonly bad: number;
}

export interface WrkOptions {
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
  readonly core: number | undefined;
}

/** Closed loop, one thread: as many requests as the connections take. */
export async function wrk({ url, connections, seconds, core }: WrkOptions): Promise<WrkResult> {
  const command = ['wrk', '-t1', `-c${connections}`, `-d${seconds}s`, '--latency', '--timeout', '5s', url];
  const [file = '', ...args] = core === undefined ? command : ['taskset', '-c', String(core), ...command];
  const { stdout } = await execa(file, args);
  return resultOf(stdout);
}

/** @throws on anything else than what wrk 4 says at its end */
export function resultOf(said: string): WrkResult {
  const number = (pattern: RegExp): number => Number(pattern.exec(said)?.[1] ?? Number.NaN);
  const errors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(said);
  const result = {
    requests: number(/(\d+) requests in/),
    requestsPerSecond: number(/Requests\/sec:\s+([\d.]+)/),
    p50Ms: milliseconds(/^ +50%\s+(\S+)/m.exec(said)?.[1]),
    p99Ms: milliseconds(/^ +99%\s+(\S+)/m.exec(said)?.[1]),
    bad:
      Number(/Non-2xx or 3xx responses: (\d+)/.exec(said)?.[1] ?? 0) +
      (errors?.slice(1).reduce((sum, count) => sum + Number(count), 0) ?? 0),
  };
  if (Object.values(result).some(Number.isNaN)) throw new Error(`wrk said something else than expected:\n${said}`);
  return result;
}

/** As wrk writes it: 812.00us, 1.90ms, 1.02s. */
function milliseconds(text = ''): number {
  const [, value, unit] = /^([\d.]+)(us|ms|s)$/.exec(text) ?? [];
  return Number(value) * (unit === 'us' ? 0.001 : unit === 's' ? 1000 : unit === 'ms' ? 1 : Number.NaN);
}
