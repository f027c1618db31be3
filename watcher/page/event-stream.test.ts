import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { eventually } from '../../test/condition.ts';
import { EventStream } from './event-stream.ts';

let stream: EventStream;
let server: Server;
let responses: ServerResponse[];

beforeEach(async () => {
  responses = [];
  const limits = { maxClients: 2, maxUnreadBytes: Number.POSITIVE_INFINITY, maxUnreadMs: 300 };
  stream = new EventStream({ ...limits, watched: () => {} });
  server = createServer((request, response) => {
    responses.push(response);
    // Far more than the kernel buffers.
    stream.open(request, response, () => 'x'.repeat(16_000_000));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function open() {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write('GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n');
  const count = responses.length;
  await eventually('the client', () => responses.length > count);
  return { socket, response: responses.at(-1) };
}

it('disconnects a client that has had unread data for too long, and no other', async () => {
  const deaf = await open();
  deaf.socket.pause();
  const reading = await open();
  reading.socket.resume();
  await eventually('the deaf client to be disconnected', () => {
    stream.send('event: tick\n\n');
    return deaf.response?.destroyed === true;
  });
  expect(reading.response?.destroyed).toBe(false);
  deaf.socket.destroy();
  reading.socket.destroy();
});
