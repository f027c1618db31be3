import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readSettings } from '../../settings/read.ts';
import { settingNames } from '../../settings/variables.ts';
import { putCertificate } from '../../test/certificate.ts';
import type { Stack } from '../stack/stack.ts';
import { askEdge } from './ask-edge.ts';

let directory: string;
let edge: Server;
let port: number;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'bluegreen-ask-edge-'));
  putCertificate(directory, 'shop.example');
  const pem = readFileSync(join(directory, 'live/shop.example.pem'));
  edge = createServer({ key: pem, cert: pem }, ({ headers, socket, url }, response) => {
    response.end([headers.host, (socket as TLSSocket).servername, url].join(' '));
  }).listen(0, '127.0.0.1');
  await once(edge, 'listening');
  port = (edge.address() as AddressInfo).port;
});
afterEach(() => {
  edge.closeAllConnections();
  edge.close();
  rmSync(directory, { recursive: true });
});

it('the edge is asked on this machine for the main domain, whatever certificate it has', async () => {
  const env = { DOMAINS: 'shop.example,other.example', HTTPS_PORT: String(port) };
  const stack = { settings: readSettings(env, settingNames) } as Stack;
  expect(await askEdge(stack, '/version')).toMatchObject({
    status: 200,
    body: `shop.example:${port} shop.example /version`,
  });
  expect((await askEdge(stack, '/', { headers: { host: 'app.example' } })).body).toBe('app.example shop.example /');
});
