import { type ClientHttp2Stream, constants, type IncomingHttpHeaders } from 'node:http2';
import { errorCode } from '../../system/error-code.ts';
import { type Answer, type Exchange, faultOf, headOf } from './answer.ts';
import type { Http2Sessions } from './http2-sessions.ts';
import type { Task } from './mix.ts';
import { type Failure, nowMs } from './sample.ts';

/** A client that has met so many connections that are being closed gives up. */
const mostAttempts = 5;

/**
 * Sends one request over HTTP/2. It is sent again only if the edge says that it has not been processed: refused, or above the
 * last stream of a GOAWAY, which nghttp2 reports in the same way. Every client may do that, with any method (RFC 9113,
 * section 8.7).
 */
export function exchangeHttp2(sessions: Http2Sessions, task: Task): Exchange {
  const { method, path, body, timeoutMs } = task;
  const { host, ...headers } = task.headers;
  const authority = host === undefined ? {} : { ':authority': host };
  const { promise: answer, resolve } = Promise.withResolvers<Answer>();
  let ended: Failure | undefined;
  let stream: ClientHttp2Stream | undefined;
  let attempts = 0;

  const timer = setTimeout(() => end('no answer'), timeoutMs);
  function end(failure: Failure): void {
    ended = failure;
    stream?.close(constants.NGHTTP2_CANCEL);
  }
  function settle(head: Pick<Answer, 'status' | 'pool' | 'release'>, failure: Failure | undefined): void {
    clearTimeout(timer);
    resolve({ endedAt: nowMs(), ...head, failure });
  }

  function send(): void {
    attempts++;
    const length = body === undefined ? {} : { 'content-length': String(body.length) };
    const { stream: sent, isKept } = sessions.request(
      { ':method': method, ':path': path, ...authority, ...headers, ...length },
      { endStream: body === undefined },
    );
    stream = sent;
    let begun: IncomingHttpHeaders | undefined;
    let error: Error | undefined;
    const chunks: Buffer[] = [];
    sent.on('response', (received) => {
      begun = received;
    });
    sent.on('data', (chunk: Buffer) => chunks.push(chunk));
    sent.on('error', (cause) => {
      error = cause;
    });
    sent.on('close', () => {
      const received = Buffer.concat(chunks);
      if (begun !== undefined) {
        const status = Number(begun[':status']);
        const expected = method === 'HEAD' ? undefined : begun['content-length'];
        const hasAll = expected === undefined || Number(expected) === received.length;
        const isWhole = sent.rstCode === constants.NGHTTP2_NO_ERROR && sent.readableEnded && hasAll;
        const failure = isWhole ? faultOf(status, begun, received.toString(), task) : 'cut off';
        settle(headOf(status, begun), ended ?? failure);
      } else if (ended === undefined && sent.rstCode === constants.NGHTTP2_REFUSED_STREAM && attempts < mostAttempts) {
        send();
      } else {
        settle({ status: 0 }, ended ?? failureOf(error, isKept));
      }
    });
    if (body !== undefined) sent.end(body);
  }

  send();
  return { answer, abort: () => end('unfinished') };
}

function failureOf(error: Error | undefined, isKept: boolean): Failure {
  // Node names the error of the connection as the cause.
  if (errorCode(error?.cause) === 'ECONNREFUSED') return 'refused';
  return isKept ? 'reset on a kept connection' : 'reset';
}
