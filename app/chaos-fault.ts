import type { Request, RequestHandler, Response } from 'express';
import type { Chaos } from './chaos.ts';
import { answerAfter } from './delay.ts';

export const slowMs = 2_000;
/** The one request that the mode `poison` breaks: whoever answers all others breaks on it. */
const poisonPath = '/poison';

/** Breaks every request outside /chaos/ in the way of the current mode. */
export function chaosFault(chaos: Chaos, healthPath: string): RequestHandler {
  return (request, response, next) => {
    if (chaos.mode === undefined || request.path.startsWith('/chaos/')) {
      next();
      return;
    }
    switch (chaos.mode) {
      case 'error':
        response.status(500).json({ status: 'error', message: 'Simulated error' });
        break;
      case 'timeout':
        chaos.hold(request.socket);
        break;
      case 'slow':
        answerAfter(response, slowMs, next);
        break;
      case 'reset':
        request.socket.resetAndDestroy();
        break;
      case 'truncate':
        truncate(response);
        break;
      case 'crash':
        crash();
        break;
      case 'disk':
        if (request.path === healthPath) response.status(503).json({ status: 'error', message: 'disk full' });
        else if (stores(request)) response.status(500).json({ status: 'error', message: 'Simulated ENOSPC' });
        else next();
        break;
      case 'poison':
        if (request.path === poisonPath) response.status(500).json({ status: 'error', message: 'Simulated poison' });
        else next();
        break;
      default:
        chaos.mode satisfies never;
    }
  };
}

/** Where a disk is full, what only reads is well. */
function stores({ method }: Request): boolean {
  return method !== 'GET' && method !== 'HEAD' && method !== 'OPTIONS';
}

/** Promises twice the bytes that it sends, then cuts the connection. */
function truncate(response: Response): void {
  const half = `{"status":"healthy","cut":"${'.'.repeat(1_000)}`;
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': 2 * half.length });
  response.write(half, () => response.destroy());
  // A HEAD has no body whose writing could be waited for.
  if (response.req.method === 'HEAD') response.flushHeaders();
}

/** Dies like a process that was killed: no handler runs, the request is left in mid-air. */
function crash(): void {
  process.kill(process.pid, 'SIGKILL');
  // Still here: as PID 1 of a container the kernel ignores a SIGKILL that comes from inside.
  process.exit(137);
}
