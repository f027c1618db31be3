import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type FakeChannel, startFakeChannel } from '../../test/fake-channel.ts';
import { type FakeProxy, startFakeProxy } from '../../test/fake-proxy.ts';
import type { Proxies } from '../config.ts';
import { noProxies, Poster } from './post.ts';

const login = 'watcher:hush';
let channel: FakeChannel;
let proxy: FakeProxy;
let posters: Poster[];

function post(url: string, proxies: Partial<Proxies>) {
  const poster = new Poster(url, { proxies: { ...noProxies, ...proxies }, requestTimeoutMs: 2_000 });
  posters.push(poster);
  return poster.post('{}', {}, new AbortController().signal);
}

beforeEach(async () => {
  channel = await startFakeChannel(() => ({ status: 200, body: 'ok' }));
  proxy = await startFakeProxy(login);
  posters = [];
});

afterEach(async () => {
  await Promise.all(posters.map((poster) => poster.close()));
  await Promise.all([channel.close(), proxy.close()]);
});

describe('a proxy', () => {
  it('forwards requests to http://, with its credentials', async () => {
    expect(await post(channel.url, { http: proxy.url })).toMatchObject({ status: 200, body: 'ok' });
    expect(proxy.seen).toEqual([{ line: `POST ${channel.url}`, credentials: login }]);
    expect(channel.posts).toHaveLength(1);
  });

  it.each(['127.0.0.1', 'other.example, 127.0.0.1', '*'])(
    'is not used for the hosts of NO_PROXY: %s',
    async (except) => {
      expect(await post(channel.url, { http: proxy.url, except })).toMatchObject({ status: 200 });
      expect(proxy.seen).toEqual([]);
    },
  );

  it('is not used if only the other scheme has one', async () => {
    expect(await post(channel.url, { https: proxy.url })).toMatchObject({ status: 200 });
    expect(proxy.seen).toEqual([]);
  });

  it('is named as the cause of a failure, without its host, its credentials or the webhook', async () => {
    const wrong = proxy.url.replace('hush', 'wrong');
    const https = 'https://hooks.example.invalid/services/T0FAKE';
    expect(await post(https, { https: wrong })).toBe('the proxy refused (HTTP 407)');
    expect(await post(channel.url, { http: wrong })).toBe('the proxy refused (HTTP 407)');
    expect(await post(https, { https: 'http://user:hush@127.0.0.1:1' })).toBe('connection refused');
    expect(await post(https, { https: 'http://user:hush@no-such-proxy.invalid:1' })).toBe('host name not resolved');
  });
});

describe('a tunnel to https://', () => {
  let directory: string;
  let server: Server;
  let url: string;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'tls-'));
    const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
    const newkey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key, '-out', cert];
    const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-days', '2'];
    execFileSync('openssl', ['req', '-x509', ...newkey, ...names], { stdio: 'ignore' });
    server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, response) => {
      request.resume().on('end', () => response.end(request.headers['proxy-authorization'] ?? 'ok'));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `https://localhost:${(server.address() as AddressInfo).port}/services/T0FAKE`;
    setDefaultCACertificates([...getCACertificates('default'), readFileSync(cert, 'utf8')]);
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
    rmSync(directory, { recursive: true });
  });

  it.each(['http', 'https'] as const)('goes through the proxy for %s, which sees only the host', async (scheme) => {
    expect(await post(url, { [scheme]: proxy.url })).toMatchObject({ status: 200, body: 'ok' });
    expect(proxy.seen).toEqual([{ line: `CONNECT ${new URL(url).host}`, credentials: login }]);
  });

  it('goes direct without a proxy', async () => {
    expect(await post(url, {})).toMatchObject({ status: 200, body: 'ok' });
    expect(proxy.seen).toEqual([]);
  });
});

describe('a post', () => {
  it('does not take a proxy from the environment', async () => {
    process.env.HTTP_PROXY = proxy.url;
    try {
      expect(await post(channel.url, {})).toMatchObject({ status: 200 });
    } finally {
      delete process.env.HTTP_PROXY;
    }
    expect(proxy.seen).toEqual([]);
  });
});
