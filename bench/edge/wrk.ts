import { execa } from 'execa';

export interface WrkResult {
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers other than 2xx and 3xx, and socket errors. */
  readonly bad: number;
}

export interface WrkOptions {
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
  readonly core: number | undefined;
}

/** Runs wrk with one thread, closed loop: each connection sends its next request after the answer. */
export async function wrk({ url, connections, seconds, core }: WrkOptions): Promise<WrkResult> {
  const command = ['wrk', '-t1', `-c${connections}`, `-d${seconds}s`, '--latency', '--timeout', '5s', url];
  const [file = '', ...args] = core === undefined ? command : ['taskset', '-c', String(core), ...command];
  const { stdout } = await execa(file, args);
  return resultOf(stdout);
}

/** @throws if the output is not the summary of wrk 4 */
export function resultOf(output: string): WrkResult {
  const number = (pattern: RegExp): number => Number(pattern.exec(output)?.[1] ?? Number.NaN);
  const errors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(output);
  const result = {
    requests: number(/(\d+) requests in/),
    requestsPerSecond: number(/Requests\/sec:\s+([\d.]+)/),
    p50Ms: milliseconds(/^ +50%\s+(\S+)/m.exec(output)?.[1]),
    p99Ms: milliseconds(/^ +99%\s+(\S+)/m.exec(output)?.[1]),
    bad:
      Number(/Non-2xx or 3xx responses: (\d+)/.exec(output)?.[1] ?? 0) +
      (errors?.slice(1).reduce((sum, count) => sum + Number(count), 0) ?? 0),
  };
  if (Object.values(result).some(Number.isNaN)) throw new Error(`unexpected output of wrk:\n${output}`);
  return result;
}

/** Parses a duration in wrk's notation, such as 812.00us, 1.90ms or 1.02s. */
function milliseconds(text = ''): number {
  const [, value, unit] = /^([\d.]+)(us|ms|s)$/.exec(text) ?? [];
  return Number(value) * (unit === 'us' ? 0.001 : unit === 's' ? 1000 : unit === 'ms' ? 1 : Number.NaN);
}
