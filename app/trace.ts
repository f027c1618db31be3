import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { RequestHandler } from 'express';
import type { Logger } from 'pino';

/** What joins this app's log lines with the edge's access log, its alerts and a trace. */
export interface TraceIds {
  readonly requestId: string;
  readonly traceId: string;
  /** Of what this app does about the request; the edge's own span is its parent. */
  readonly spanId: string;
  readonly parentId: string | undefined;
}

// https://www.w3.org/TR/trace-context/#traceparent-header; the edge writes version 00 only.
const traceparent = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/;
const requestId = /^[A-Za-z0-9._-]{1,64}$/;

/** Carries the ids of a request on: onto its answer, whatever that is, and into the log where it is an error. */
export function trace(log: Logger): RequestHandler {
  return (request, response, next) => {
    const { ids, flags } = traceOf(request.headers);
    response.locals.ids = ids;
    response.set('X-Request-Id', ids.requestId);
    // https://www.w3.org/TR/trace-context-2/#trace-context-http-response-headers-format
    response.set('Traceresponse', `00-${ids.traceId}-${ids.spanId}-${flags}`);
    // Checks on the direct port have no id, and would fill the log while the app is broken.
    if (request.headers['x-request-id'] !== undefined) {
      response.once('finish', () => {
        const { statusCode: status, locals } = response;
        // An exception has been logged with its cause.
        if (status >= 500 && locals.isLogged !== true)
          log.warn({ ...ids, method: request.method, path: request.path, status }, 'request failed');
      });
    }
    next();
  };
}

function traceOf(headers: IncomingHttpHeaders): { readonly ids: TraceIds; readonly flags: string } {
  const [, traceId = hex(16), parentId, flags = '01'] = traceparent.exec(String(headers.traceparent)) ?? [];
  const given = String(headers['x-request-id'] ?? '');
  const ids = { requestId: requestId.test(given) ? given : hex(16), traceId, spanId: hex(8), parentId };
  return { ids, flags };
}

function hex(bytes: number): string {
  return randomBytes(bytes).toString('hex');
}
