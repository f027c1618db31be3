import { once } from 'node:events';
import { type ClientHttp2Session, connect, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2';
import { connect as connectTls } from 'node:tls';
import type { Edge } from './edge.ts';

/** Opens a connection for HTTP/2 that accepts any certificate. */
export function openHttp2({ httpsPort }: Edge, servername = 'shop.example'): ClientHttp2Session {
  const session = connect(`https://${servername}:${httpsPort}`, {
    maxSendHeaderBlockLength: 2 ** 20,
    createConnection: () =>
      connectTls({
        host: '127.0.0.1',
        port: httpsPort,
        servername,
        rejectUnauthorized: false,
        ALPNProtocols: ['h2'],
      }),
  });
  // What fails is each request.
  session.on('error', () => {});
  return session;
}

export interface Http2Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Sends one request. @throws if its stream or its connection ends before its answer */
export async function ask(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  body?: string | Buffer,
): Promise<Http2Answer> {
  const stream = session.request({ ':path': '/', ...headers }, { endStream: body === undefined });
  if (body !== undefined) stream.end(body);
  const [answered] = (await once(stream, 'response')) as [IncomingHttpHeaders];
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return { status: Number(answered[':status']), headers: answered, body: Buffer.concat(chunks).toString() };
}
