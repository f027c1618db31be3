import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { promisify } from 'node:util';
import { Agent, request } from 'undici';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { putCertificate } from '../certificate.ts';
import { eventually } from '../condition.ts';
import { type Edge, startEdge } from '../edge.ts';
import { keepGuarded, setGuarded } from '../guarded.ts';
import { converse } from '../raw-client.ts';
import { withStatus } from '../stand-in-pool.ts';

const DOMAINS = 'shop.example,www.shop.example,*.eu.shop.example';
const anyCertificate = new Agent({ connect: { rejectUnauthorized: false } });

type Options = Parameters<typeof request>[1];

async function ask(url: string, options: Options = {}) {
  const { statusCode, headers, body } = await request(url, { dispatcher: anyCertificate, ...options });
  return { status: statusCode, headers, body: await body.text() };
}

/** The name in the certificate that the edge shows for this name, and its serial number. */
async function shownFor(edge: Edge, servername: string | undefined): Promise<{ name: string; serial: string }> {
  const options = { host: '127.0.0.1', port: edge.httpsPort, rejectUnauthorized: false };
  const socket = connect(servername === undefined ? options : { ...options, servername });
  await once(socket, 'secureConnect');
  const { subject, serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return { name: String(subject.CN), serial: serialNumber };
}

function putChallenge(edge: Edge): string {
  const directory = join(edge.acmeDir, '.well-known/acme-challenge');
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'token-1_A'), 'token-1_A.thumbprint');
  return '/.well-known/acme-challenge/token-1_A';
}

describe('an edge with DOMAINS', () => {
  let edge: Edge;
  let stopBeating: () => void;

  beforeAll(async () => {
    edge = await startEdge({
      DOMAINS,
      HSTS_MAX_AGE: '31536000',
      PREVIEW_TOKEN: 'a'.repeat(16),
      CLIENT_MAX_BODY_SIZE: '1k',
    });
    stopBeating = keepGuarded(edge);
  });

  afterAll(async () => {
    stopBeating();
    await edge.close();
  });

  afterEach(() => {
    for (const pool of [edge.blue, edge.green]) pool.answer = undefined;
  });

  it.each([
    ['shop.example', 308, 'shop.example'],
    ['SHOP.example:8080', 308, 'shop.example'],
    ['www.shop.example', 308, 'www.shop.example'],
    ['any.eu.shop.example', 308, 'any.eu.shop.example'],
    ['127.0.0.1', 307, 'shop.example'],
    ['evil.example', 307, 'shop.example'],
    ['a.b.eu.shop.example', 307, 'shop.example'],
    ['shop.example.evil.example', 307, 'shop.example'],
  ])('redirects http://%s with %i to https://%s', async (host, status, target) => {
    for (const method of ['GET', 'POST'] as const) {
      const answer = await ask(`${edge.httpUrl}/a%20b?c=d`, { method, headers: { host } });
      expect(answer.status).toBe(status);
      expect(answer.headers.location).toBe(`https://${target}:${edge.httpsPort}/a%20b?c=d`);
      expect(answer.headers).not.toHaveProperty('strict-transport-security');
    }
    expect(edge.blue.requests.some(({ url }) => url?.startsWith('/a%20b'))).toBe(false);
  });

  it.each([
    ['//evil.example/', 'shop.example'],
    ['http://evil.example/x', 'shop.example'],
    ['http://evil.example?x', 'shop.example'],
    ['/\\evil.example', 'shop.example'],
    ['/', 'evil.example#.eu.shop.example'],
    ['/', 'evil.example?.eu.shop.example'],
    ['/', 'evil.example\\.eu.shop.example'],
    ['/', 'user@evil.example:80#.eu.shop.example'],
  ])('redirects a request for %s of host %s to a domain of its own, or refuses it', async (target, host) => {
    const bytes = `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
    const [answer] = await converse({ url: edge.httpUrl }, bytes);
    if (answer?.status !== 400) {
      const location = /^location: (.*)\r$/im.exec(answer?.head ?? '')?.[1];
      expect(new URL(location ?? '').host).toBe(`shop.example:${edge.httpsPort}`);
    }
  });

  it('redirects HTTP on the port of HTTPS', async () => {
    const { status, headers } = await ask(`http://127.0.0.1:${edge.httpsPort}/a`);
    expect([status, headers.location]).toEqual([307, `https://shop.example:${edge.httpsPort}/`]);
  });

  it('answers a request over HTTP that it cannot read with the page for it', async () => {
    const answers = await converse({ url: edge.httpUrl }, 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nBad Header\r\n\r\n');
    expect(answers.map(({ status }) => status)).toEqual([400]);
    expect(answers[0]?.head).not.toMatch(/^location:/im);
  });

  it('answers the health check over HTTP as over HTTPS', async () => {
    for (const url of [edge.httpUrl, edge.url]) {
      expect(await ask(`${url}/.bluegreen/healthz`)).toMatchObject({ status: 200, body: 'ok\n' });
    }
  });

  it('does not answer a preview link over HTTP, as it contains a secret', async () => {
    const { status, headers } = await ask(`${edge.httpUrl}/.bluegreen/preview?token=${'a'.repeat(16)}`);
    expect(status).toBe(307);
    expect(headers).not.toHaveProperty('set-cookie');
  });

  it('shows the certificate of the name that is asked for, else that of the main domain', async () => {
    const shown = async (name?: string) => (await shownFor(edge, name)).name;
    expect(await shown('shop.example')).toBe('shop.example');
    expect(await shown('www.shop.example')).toBe('www.shop.example');
    expect(await shown('WWW.shop.example')).toBe('www.shop.example');
    expect(await shown('any.eu.shop.example')).toBe('*.eu.shop.example');
    expect(await shown('a.b.eu.shop.example')).toBe('shop.example');
    expect(await shown('evil.example')).toBe('shop.example');
    expect(await shown()).toBe('shop.example');
  });

  it('shows a new certificate without a reload', async () => {
    const before = await shownFor(edge, 'www.shop.example');
    putCertificate(edge.tlsDir, 'www.shop.example', 'rsa');
    await eventually(
      'the new certificate',
      async () => {
        return (await shownFor(edge, 'www.shop.example')).serial !== before.serial;
      },
      2_500,
    );
  });

  it('sets its own cookies for HTTPS only', async () => {
    const { headers } = await ask(`${edge.url}/.bluegreen/preview?token=${'a'.repeat(16)}`);
    expect(String(headers['set-cookie'])).toMatch(/; HttpOnly; SameSite=Lax; Secure$/);
    expect(String((await ask(`${edge.url}/.bluegreen/preview/off`)).headers['set-cookie'])).toMatch(/; Secure$/);
    expect((await edge.verb('canary', '50')).exitCode).toBe(0);
    expect(String((await ask(edge.url)).headers['set-cookie'])).toMatch(/^bluegreen_bucket=.*; Secure$/);
    expect((await edge.verb('canary', 'off')).exitCode).toBe(0);
  });

  it('does not offer what is weak', async () => {
    const target = `127.0.0.1:${edge.httpsPort}`;
    const { stdout } = await promisify(execFile)('sslscan', ['--no-colour', '--sni-name=shop.example', target]);
    const lines = stdout.split('\n').map((line) => line.trim().replaceAll(/ +/g, ' '));
    expect(lines.filter((line) => /^(SSL|TLS)v\S+ (en|dis)abled$/.test(line))).toEqual([
      'SSLv2 disabled',
      'SSLv3 disabled',
      'TLSv1.0 disabled',
      'TLSv1.1 disabled',
      'TLSv1.2 enabled',
      'TLSv1.3 enabled',
    ]);
    const ciphers = lines.filter((line) => /^(Accepted|Preferred) /.test(line));
    expect(ciphers.length).toBeGreaterThan(4);
    for (const cipher of ciphers) {
      expect(cipher).toMatch(/^\S+ TLSv1\.[23] \d{3} bits (TLS_(AES|CHACHA20)|ECDHE-\S+-(GCM-SHA|CHACHA20))/);
    }
    expect(lines).toContain('Session renegotiation not supported');
    expect(lines.filter((line) => line.includes('heartbleed'))).toEqual([
      'TLSv1.3 not vulnerable to heartbleed',
      'TLSv1.2 not vulnerable to heartbleed',
    ]);
  });

  it('says on every answer that browsers shall use HTTPS only, unless the app says it', async () => {
    const expectOn = async (path: string, status: number, options: Options = {}) => {
      const answer = await ask(edge.url + path, options);
      expect([path, answer.status, answer.headers['strict-transport-security']]).toEqual([
        path,
        status,
        'max-age=31536000',
      ]);
    };
    await expectOn('/', 200);
    await expectOn('/.bluegreen/healthz', 200);
    await expectOn('/.bluegreen/preview?token=', 404);
    await expectOn(`/.bluegreen/preview?token=${'a'.repeat(16)}`, 302);
    await expectOn('/.bluegreen/preview/off', 302);
    await expectOn('/', 413, { method: 'POST', body: 'x'.repeat(2048) });
    await expectOn(putChallenge(edge), 200);
    for (const pool of [edge.blue, edge.green]) pool.answer = withStatus(500);
    await expectOn('/', 500, { method: 'POST' });
    for (const pool of [edge.blue, edge.green]) pool.answer = ({ socket }) => socket.resetAndDestroy();
    await expectOn('/', 502);
    for (const pool of [edge.blue, edge.green]) {
      pool.answer = (_, response) => response.writeHead(200, { 'Strict-Transport-Security': 'max-age=1' }).end();
    }
    expect((await ask(edge.url)).headers['strict-transport-security']).toBe('max-age=1');
    expect((await edge.verb('maintenance', 'on')).exitCode).toBe(0);
    await expectOn('/', 503);
    expect((await edge.verb('maintenance', 'off')).exitCode).toBe(0);
  });

  it('answers challenges for every host, in maintenance and in an outage, and nothing else from their directory', async () => {
    const path = putChallenge(edge);
    writeFileSync(join(edge.acmeDir, 'certificates.json'), '{}');
    const challenge = (host: string) => ask(edge.httpUrl + path, { headers: { host } });
    const expected = { status: 200, body: 'token-1_A.thumbprint' };
    expect(await challenge('shop.example')).toMatchObject(expected);
    expect(await challenge('not-yet.example')).toMatchObject(expected);
    expect(await ask(edge.url + path)).toMatchObject(expected);
    expect((await edge.verb('maintenance', 'on')).exitCode).toBe(0);
    expect(await challenge('shop.example')).toMatchObject(expected);
    expect((await edge.verb('maintenance', 'off')).exitCode).toBe(0);
    for (const name of [
      '',
      'none',
      '../../certificates.json',
      '..%2f..%2fcertificates.json',
      '%2e%2e/%2e%2e/certificates.json',
    ]) {
      const bytes = `GET /.well-known/acme-challenge/${name} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
      const [answer] = await converse({ url: edge.httpUrl }, bytes);
      expect([name, answer?.status]).not.toEqual([name, 200]);
    }
    await Promise.all([edge.blue.close(), edge.green.close()]);
    setGuarded(edge, { down: ['blue', 'green'] });
    expect(await challenge('shop.example')).toMatchObject(expected);
  });
});

describe('an edge that starts', () => {
  let edge: Edge;
  afterEach(() => edge.close());

  it('without certificates waits for them a little, then serves challenges, and takes the certificates up when they come', async () => {
    edge = await startEdge({ DOMAINS: 'shop.example' }, { withCertificates: false });
    expect(edge.output()).toMatch(/no readable \S.*\/live\/shop\.example\.pem after 10 s; starting anyway/);
    expect((await ask(edge.httpUrl + putChallenge(edge))).status).toBe(200);
    await expect(shownFor(edge, 'shop.example')).rejects.toThrow();
    putCertificate(edge.tlsDir, 'shop.example');
    await eventually('HTTPS', async () => (await shownFor(edge, 'shop.example')).name === 'shop.example');
  });

  it('with the usual port of HTTPS leaves it out of its redirects', async () => {
    edge = await startEdge({ DOMAINS: 'shop.example', HTTPS_PORT: '443' });
    const { headers } = await ask(`${edge.httpUrl}/a`, { headers: { host: 'shop.example' } });
    expect(headers.location).toBe('https://shop.example/a');
    expect((await ask(edge.url)).headers).not.toHaveProperty('strict-transport-security');
  });

  it('refuses a wildcard as the main domain', async () => {
    edge = await startEdge({ DOMAINS: '*.shop.example,shop.example' }, { untilServing: false });
    await once(edge.process, 'exit');
    expect(edge.output()).toMatch(
      /DOMAINS: expected the main domain first, which is no wildcard, got "\*\.shop\.example/,
    );
    rmSync(edge.tlsDir, { recursive: true });
  });
});
