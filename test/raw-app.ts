import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** An app that answers with any bytes, valid HTTP or not. */
export interface RawApp {
  readonly address: string;
  /** The head of each request without a body that it received, except health checks. */
  readonly heads: readonly string[];
  /** Answers a request. The connection stays open unless this closes it. */
  answer: (socket: Socket, path: string) => void;
  close(): Promise<void>;
}

export const plainAnswer = (body: string) => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

export async function startRawApp(): Promise<RawApp> {
  const heads: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    socket.setEncoding('latin1');
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk;
      for (let end = received.indexOf('\r\n\r\n'); end !== -1; end = received.indexOf('\r\n\r\n')) {
        const head = received.slice(0, end);
        received = received.slice(end + 4);
        const path = head.split(' ', 2)[1] ?? '';
        if (path === '/healthz') socket.write(plainAnswer('ok'));
        else {
          heads.push(head);
          app.answer(socket, path);
        }
      }
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const app: RawApp = {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    heads,
    answer: (socket, path) => socket.write(plainAnswer(path)),
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return app;
}
