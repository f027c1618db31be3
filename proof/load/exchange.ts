import { type Agent, type IncomingMessage, request } from 'node:http';
import { type Answer, type Exchange, faultOf, headOf } from './answer.ts';
import type { Task } from './mix.ts';
import { type Failure, nowMs } from './sample.ts';

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
    const head = begun === undefined ? { status: 0 } : headOf(begun.statusCode, begun.headers);
    resolve({ endedAt: nowMs(), ...head, failure });
  }

  sent.on('response', (response) => {
    begun = response;
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('error', () => undefined);
    response.on('close', () => {
      const whole = response.complete && ended === undefined;
      const { statusCode = 0, headers } = response;
      settle(whole ? faultOf(statusCode, headers, Buffer.concat(chunks).toString(), task) : (ended ?? 'cut off'));
    });
  });
  sent.on('error', (error: NodeJS.ErrnoException) => {
    if (begun === undefined) settle(ended ?? failureOf(error, sent.reusedSocket));
  });
  sent.end(body);
  return { answer, abort: () => end('unfinished') };
}

function failureOf({ code }: NodeJS.ErrnoException, reused: boolean): Failure {
  if (code === 'ECONNREFUSED') return 'refused';
  return reused ? 'reset on a kept connection' : 'reset';
}
