import { type Agent, type IncomingMessage, request } from 'node:http';
import type { Task } from './mix.ts';
import { type Failure, nowMs, type Sample } from './sample.ts';

type Answer = Omit<Sample, 'kind' | 'loop' | 'dueAt'>;

/** A request that can be aborted. */
export interface Exchange {
  readonly answer: Promise<Answer>;
  abort(): void;
}

/** Sends one request, without retries. The agent owns the connections. */
export function exchange(agent: Agent, origin: URL, task: Task): Exchange {
  const { method, path, headers, body, timeoutMs } = task;
  const length = body === undefined ? {} : { 'content-length': String(body.length) };
  const sent = request({
    agent,
    host: origin.hostname,
    port: origin.port,
    method,
    path,
    headers: { ...headers, ...length },
  });
  const { promise: answer, resolve } = Promise.withResolvers<Answer>();
  let ended: Failure | undefined;
  let begun: IncomingMessage | undefined;

  const timer = setTimeout(() => end('no answer'), timeoutMs);
  function end(failure: Failure): void {
    ended = failure;
    sent.destroy();
  }
  function settle(failure: Failure | undefined): void {
    clearTimeout(timer);
    const head = begun === undefined ? { status: 0 } : headOf(begun);
    resolve({ endedAt: nowMs(), ...head, failure });
  }

  sent.on('response', (response) => {
    begun = response;
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('error', () => undefined);
    response.on('close', () => {
      const whole = response.complete && ended === undefined;
      settle(whole ? faultOf(response, Buffer.concat(chunks).toString(), task) : (ended ?? 'cut off'));
    });
  });
  sent.on('error', (error: NodeJS.ErrnoException) => {
    if (begun === undefined) settle(ended ?? failureOf(error, sent.reusedSocket));
  });
  sent.end(body);
  return { answer, abort: () => end('unfinished') };
}

function headOf({ statusCode = 0, headers }: IncomingMessage): Pick<Sample, 'status' | 'pool' | 'release'> {
  const pool = headers['x-app-pool'];
  const release = headers['x-release-id'];
  return {
    status: statusCode,
    ...(pool === 'blue' || pool === 'green' ? { pool } : {}),
    ...(typeof release === 'string' ? { release } : {}),
  };
}

function faultOf({ statusCode = 0, headers }: IncomingMessage, body: string, task: Task): Failure | undefined {
  if (!task.passes(statusCode)) return `status ${statusCode}`;
  const pool = headers['x-app-pool'];
  if (pool !== 'blue' && pool !== 'green' && (task.saysPool || pool !== undefined)) return 'wrong pool header';
  return task.isRight(body, pool) ? undefined : 'wrong body';
}

function failureOf({ code }: NodeJS.ErrnoException, reused: boolean): Failure {
  if (code === 'ECONNREFUSED') return 'refused';
  return reused ? 'reset on a kept connection' : 'reset';
}
