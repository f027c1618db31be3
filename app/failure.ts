import type { ErrorRequestHandler, RequestHandler } from 'express';
import type { Logger } from 'pino';

export const notFound: RequestHandler = (_request, response) => {
  response.status(404).json({ status: 'error', message: 'Not found' });
};

/** The last handler: the client gets a 500 and the log the cause. */
export function onFailure(log: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, _next) => {
    // A client that disconnects during an upload is not a failure of the app.
    if (response.destroyed) return;
    response.locals.isLogged = true;
    log.error({ ...response.locals.ids, err: error, method: request.method, path: request.path }, 'request failed');
    if (response.headersSent) response.destroy();
    else response.status(500).json({ status: 'error', message: 'Internal error' });
  };
}
