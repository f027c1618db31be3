import type { ErrorRequestHandler, RequestHandler } from 'express';
import type { Logger } from 'pino';

export const notFound: RequestHandler = (_request, response) => {
  response.status(404).json({ status: 'error', message: 'Not found' });
};

/** The last resort: the client learns that it failed, the log why. */
export function onFailure(log: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, _next) => {
    // A client that went away in mid-upload is no failure of ours, and nobody is left to be told.
    if (response.destroyed) return;
    response.locals.isLogged = true;
    log.error({ ...response.locals.ids, err: error, method: request.method, path: request.path }, 'request failed');
    if (response.headersSent) response.destroy();
    else response.status(500).json({ status: 'error', message: 'Internal error' });
  };
}
