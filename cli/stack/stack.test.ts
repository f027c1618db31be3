import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { publishedPorts } from './port-owner.ts';
import { edgeAddress, edgeUrl, readStack } from './stack.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bluegreen-stack-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function stackOf(...lines: string[]) {
  const path = join(directory, '.env');
  writeFileSync(path, lines.join('\n'));
  return readStack(path);
}

describe('a stack', () => {
  it('without DOMAINS is one port of HTTP on this machine', () => {
    const stack = stackOf('NGINX_BIND=[::]');
    expect(edgeUrl(stack)).toBe('http://[::1]:8080');
    expect(edgeAddress(stack.settings)).toBe('::1');
    expect(publishedPorts(stack.settings).map(({ name, port }) => [name, port])).not.toContainEqual([
      'HTTPS_PORT',
      443,
    ]);
  });

  it('with DOMAINS is the site of the first one, with HTTP on port 80', () => {
    const stack = stackOf('DOMAINS=shop.example,*.shop.example', 'ACME_DNS=route53');
    expect(edgeUrl(stack)).toBe('https://shop.example');
    expect(edgeAddress(stack.settings)).toBe('127.0.0.1');
    expect(stack.env.NGINX_PORT).toBe('80');
    const ports = publishedPorts(stack.settings).map(({ name, port }) => [name, port]);
    expect(ports.slice(0, 2)).toEqual([
      ['NGINX_PORT', 80],
      ['HTTPS_PORT', 443],
    ]);
  });

  it('with DOMAINS can have other ports', () => {
    const stack = stackOf('DOMAINS=shop.example', 'NGINX_PORT=8080', 'HTTPS_PORT=8443');
    expect(edgeUrl(stack)).toBe('https://shop.example:8443');
    expect(stack.settings.NGINX_PORT).toBe(8080);
  });

  it.each([
    [['DOMAINS=*.shop.example'], 'DOMAINS: expected the main domain first, which is no wildcard, got "*.shop.example"'],
    [['DOMAINS=shop.example', 'HTTPS_PORT=80'], 'HTTPS_PORT: expected a port that no other setting uses, got 80'],
  ])('with %j is refused', (lines, message) => {
    expect(() => stackOf(...lines)).toThrow(message);
  });

  it('without DOMAINS may use the port of HTTPS for something else', () => {
    expect(stackOf('NGINX_PORT=443').settings.NGINX_PORT).toBe(443);
  });
});
