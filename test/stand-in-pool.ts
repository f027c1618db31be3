import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Pool } from '../settings/pool.ts';

/** A minimal app behind the edge, whose answers can be changed at any time. */
export interface StandInPool {
  readonly pool: Pool;
  readonly address: string;
  readonly server: Server;
  /** The requests received, oldest first. */
  readonly requests: readonly IncomingMessage[];
  /** If undefined, the pool answers 200 with the pool and release headers. */
  answer: RequestListener | undefined;
  close(): Promise<void>;
}

export async function startStandInPool(pool: Pool): Promise<StandInPool> {
  const requests: IncomingMessage[] = [];
  const server = createServer({ maxHeaderSize: 64 * 1024 }, (request, response) => {
    requests.push(request);
    response.setHeader('X-App-Pool', pool);
    response.setHeader('X-Release-Id', `${pool}-1`);
    if (standIn.answer && request.url !== '/healthz') standIn.answer(request, response);
    else request.resume().on('end', () => response.end(`${pool}\n`));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const standIn: StandInPool = {
    pool,
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    server,
    requests,
    answer: undefined,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return standIn;
}

/** Answers with a status and no body. */
export function withStatus(status: number): RequestListener {
  return (request, response) => {
    request.resume();
    response.writeHead(status).end();
  };
}
