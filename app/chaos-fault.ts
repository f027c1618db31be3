import type { Request, RequestHandler, Response } from 'express';
import type { Chaos } from './chaos.ts';
import { answerAfter } from './delay.ts';

export const slowMs = 2_000;

/** Applies the current mode to every request outside /chaos/. */
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
        else if (writes(request)) response.status(500).json({ status: 'error', message: 'Simulated ENOSPC' });
        else next();
        break;
      default:
        chaos.mode satisfies never;
    }
  };
}

/** With a full disk, requests that only read still work. */
function writes({ method }: Request): boolean {
  return method !== 'GET' && method !== 'HEAD' && method !== 'OPTIONS';
}

/** Announces twice as many bytes as it sends, then closes the connection. */
function truncate(response: Response): void {
  const half = `{"status":"healthy","cut":"${'.'.repeat(1_000)}`;
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': 2 * half.length });
  response.write(half, () => response.destroy());
  // A HEAD has no body to write, so its headers are flushed explicitly.
  if (response.req.method === 'HEAD') response.flushHeaders();
}

/** Dies like a killed process: no handler runs, and the request is never answered. */
function crash(): void {
  process.kill(process.pid, 'SIGKILL');
  // Reached only as PID 1 of a container, where the kernel ignores a SIGKILL sent from inside.
  process.exit(137);
}
