import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { RequestHandler } from 'express';
import type { Logger } from 'pino';

/** The ids that connect this app's log lines with the access log of the edge, the alerts and a trace. */
export interface TraceIds {
  readonly requestId: string;
  readonly traceId: string;
  /** The app's own span; its parent is the span of the edge. */
  readonly spanId: string;
  readonly parentId: string | undefined;
}

// https://www.w3.org/TR/trace-context/#traceparent-header; the edge writes version 00 only.
const traceparent = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/;
const requestId = /^[A-Za-z0-9._-]{1,64}$/;

/** Adds the ids of a request to its answer, and to the log if the answer is an error. */
export function trace(log: Logger): RequestHandler {
  return (request, response, next) => {
    const { ids, flags } = traceOf(request.headers);
    response.locals.ids = ids;
    response.set('X-Request-Id', ids.requestId);
    // https://www.w3.org/TR/trace-context-2/#trace-context-http-response-headers-format
    response.set('Traceresponse', `00-${ids.traceId}-${ids.spanId}-${flags}`);
    // Health checks on the direct port have no id, and would fill the log while the app is failing.
    if (request.headers['x-request-id'] !== undefined) {
      response.once('finish', () => {
        const { statusCode: status, locals } = response;
        // An exception has already been logged with its cause.
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
