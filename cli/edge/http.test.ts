import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask } from './http.ts';

describe('an answer', () => {
  let server: Server;
  let url: string;

  beforeEach(async () => {
    server = createServer((request, response) => {
      if (request.url === '/short') response.end('grüße');
      else response.on('drain', () => response.write(Buffer.alloc(65_536, 'x'))).write(Buffer.alloc(65_536, 'x'));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  it('has the status and the body of the response', async () => {
    expect(await ask(`${url}/short`)).toMatchObject({ status: 200, body: 'grüße' });
  });

  it('has only the first MiB of an endless body', async () => {
    const { status, body } = await ask(`${url}/endless`);
    expect(status).toBe(200);
    expect(body).toHaveLength(1024 * 1024);
  });

  it('has status 0 if nothing answers', async () => {
    server.close();
    expect(await ask('http://127.0.0.1:1')).toMatchObject({ status: 0, body: '' });
  });
});
