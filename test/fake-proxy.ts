import { once } from 'node:events';
import { createServer, request as forward } from 'node:http';
import { type AddressInfo, connect } from 'node:net';

/** A real HTTP proxy on loopback: CONNECT for https, the absolute form for http. */
export interface FakeProxy {
  readonly url: string;
  /** Such as `CONNECT 127.0.0.1:443` and `POST http://127.0.0.1:80/path`, with the credentials they contained. */
  readonly seen: { readonly line: string; readonly credentials: string | undefined }[];
  close(): Promise<void>;
}

/** @param credentials `user:password` that the proxy requires */
export async function startFakeProxy(credentials?: string): Promise<FakeProxy> {
  const seen: { line: string; credentials: string | undefined }[] = [];
  const admits = (line: string, header: string | undefined) => {
    const given = header === undefined ? undefined : Buffer.from(header.replace('Basic ', ''), 'base64').toString();
    seen.push({ line, credentials: given });
    return given === credentials;
  };
  const server = createServer((request, response) => {
    if (!admits(`${request.method} ${request.url}`, request.headers['proxy-authorization'])) {
      request.resume();
      response.writeHead(407).end();
      return;
    }
    const { 'proxy-authorization': _, ...headers } = request.headers;
    const onward = forward(request.url ?? '', { method: request.method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
  server.on('connect', (request, socket) => {
    if (!admits(`CONNECT ${request.url}`, request.headers['proxy-authorization'])) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
      return;
    }
    const { hostname, port } = new URL(`http://${request.url}`);
    const onward = connect(Number(port), hostname, () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    for (const one of [onward, socket]) one.on('error', () => onward.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const login = credentials === undefined ? '' : `${credentials}@`;
  return {
    url: `http://${login}127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
