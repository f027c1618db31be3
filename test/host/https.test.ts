import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { putCertificate } from '../certificate.ts';
import { createStack, expectDone, root, type TestStack } from '../stack.ts';

const minutes = 60_000;
const domain = 'shop.example';

describe('a stack with DOMAINS on the host engine', () => {
  let directory: string;
  let stack: TestStack;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'bluegreen-https-'));
    putCertificate(directory, domain);
    const pem = join(directory, `live/${domain}.pem`);
    stack = await createStack('host', { DOMAINS: domain, TLS_CERTIFICATE_FILE: pem, TLS_KEY_FILE: pem });
    putCertificate(join(root, '.bluegreen/stacks', stack.prefix, 'certificates'), domain);
  });
  afterAll(async () => {
    await stack.remove();
    rmSync(directory, { recursive: true });
  });

  it('serves HTTPS, redirects HTTP, and says under which URL', async () => {
    const { stdout } = expectDone(await stack.bluegreen('up'));
    expect(stdout).toMatch(new RegExp(`^nginx_proxy +${stack.url} `, 'm'));
    expect(await stack.ask()).toMatchObject({ status: 200, pool: 'blue' });
    const { statusCode, headers } = await request(`http://127.0.0.1:${stack.ports.nginx}/`, {
      headers: { host: domain },
    });
    expect([statusCode, headers.location]).toEqual([308, `${stack.url}/`]);
    const { stdout: report } = expectDone(await stack.bluegreen('status', '--json'));
    expect(JSON.parse(report)).toMatchObject({ url: stack.url, address: '127.0.0.1' });
  });

  it('deploys a release whose smoke test asks over HTTPS', { timeout: 2 * minutes }, async () => {
    const release = ['--release', '2.0.0', '--smoke-path', '/version', '--bake', '1s'];
    const { stderr } = expectDone(await stack.bluegreen('deploy', ...release));
    expect(stderr).toContain('GET /version returned 2xx');
    expect(await stack.ask()).toMatchObject({ pool: 'green', release: '2.0.0' });
  });

  it('fails no request over HTTP/2 while the active pool breaks', { timeout: 3 * minutes }, async () => {
    const args = ['--engine', 'host', '--env-file', stack.envFile, '--seconds', '2', 'error', 'crash', 'freeze'];
    const { stdout } = expectDone(await stack.run('./test-failover.sh', ...args));
    expect(stdout).toContain('50 connections of HTTP/2');
    expect(stdout).toMatch(/^\d+ requests, 0 failed: proved$/m);
  });

  it('proves a reload over HTTP/2', { timeout: 3 * minutes }, async () => {
    const size = ['--rate', '100', '--connections', '10', '--seconds', '2'];
    const { stdout } = expectDone(await stack.bluegreen('prove', ...size, 'reload'));
    expect(stdout).toMatch(/^1 scenarios, \d+ requests, 0 failed.*: proved$/m);
  });
});
