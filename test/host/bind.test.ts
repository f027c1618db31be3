import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createStack, expectDone, type TestStack } from '../stack.ts';

let stack: TestStack;

beforeAll(async () => {
  stack = await createStack('host');
});

afterAll(() => stack.remove());

const answers = (host: string) =>
  fetch(`http://${host}:${stack.ports.nginx}/healthz`).then(
    ({ status }) => status === 200,
    () => false,
  );
const outside = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;

describe('NGINX_BIND on the host engine', () => {
  it.skipIf(outside === undefined)('unset, it listens on all addresses', async () => {
    stack.configure({});
    expectDone(await stack.bluegreen('up'));
    expect([await answers('127.0.0.1'), await answers(String(outside))]).toEqual([true, true]);
  });

  it.each([
    ['127.0.0.1', ['127.0.0.1'], ['[::1]', outside]],
    ['[::1]', ['[::1]'], ['127.0.0.1', outside]],
  ])('%s is the only address that it listens on, and all commands use it', async (bind, open, closed) => {
    stack.configure({ NGINX_BIND: bind });
    expectDone(await stack.bluegreen('down'));
    const { stdout } = expectDone(await stack.bluegreen('up'));
    expect(stdout).toContain(`http://${bind}:${stack.ports.nginx}`);
    for (const host of open) expect([host, await answers(host)]).toEqual([host, true]);
    for (const host of closed.filter((address) => address !== undefined))
      expect([host, await answers(host)]).toEqual([host, false]);
    expect(expectDone(await stack.bluegreen('doctor')).stdout).toContain('(NGINX_PORT) is open to this machine only');
    expectDone(await stack.bluegreen('switch', 'green'));
    expectDone(await stack.bluegreen('switch', 'blue'));
  });
});
