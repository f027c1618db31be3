import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Engine } from '../engine/engine.ts';
import type { Stack } from '../stack/stack.ts';
import { CommandError } from '../terminal/command-error.ts';
import { smokePaths } from './gates.ts';

describe('smoke paths', () => {
  let edge: Server;
  let stack: Stack;
  /** The tokens with which the edge shows the standby, and all that there have been. */
  let previews: Set<string>;
  let tokens: string[];
  /** What the standby answers; without a token, the active pool answers 200. */
  let statuses: Record<string, number>;

  const engine = {
    edge: async (verb: string, action: string, token: string) => {
      expect(verb).toBe('preview');
      if (action === 'remove') return void previews.delete(token);
      previews.add(token);
      tokens.push(token);
    },
  } as unknown as Engine;

  beforeEach(async () => {
    previews = new Set();
    tokens = [];
    statuses = {};
    edge = createServer(({ headers, url = '' }, response) => {
      const isPreview = previews.has(String(headers['x-bluegreen-preview']));
      response.writeHead(isPreview ? (statuses[url] ?? 404) : 200).end(isPreview ? `no price at ${url}` : '');
    }).listen(0, '127.0.0.1');
    await once(edge, 'listening');
    stack = { settings: { NGINX_PORT: (edge.address() as AddressInfo).port } } as unknown as Stack;
  });
  afterEach(() => edge.close());

  it('are requested from the standby, with a token that is removed afterwards', async () => {
    statuses = { '/': 200, '/pay': 204 };
    expect(await smokePaths(stack, engine, ['/', '/pay'])).toBe('2 paths returned 2xx');
    expect(tokens).toHaveLength(1);
    expect([...previews]).toEqual([]);
  });

  it('remove the token if a path fails', async () => {
    statuses = { '/': 200, '/pay': 500 };
    await expect(smokePaths(stack, engine, ['/', '/pay', '/later'])).rejects.toThrow(
      'GET /pay: expected 2xx, got 500: no price at /pay',
    );
    expect(tokens).toHaveLength(1);
    expect([...previews]).toEqual([]);
  });

  it('report a missing answer, or a status without a body', async () => {
    statuses = { '/': 500 };
    edge.prependListener('request', (_, response) => response.destroy());
    await expect(smokePaths(stack, engine, ['/'])).rejects.toThrow(/got no answer$/);
    edge.removeAllListeners('request');
    edge.on('request', (_, response) => response.writeHead(503).end());
    await expect(smokePaths(stack, engine, ['/'])).rejects.toThrow(/got 503$/);
  });

  it('need no token if there are no paths', async () => {
    expect(await smokePaths(stack, engine, [])).toBe('');
    expect(tokens).toEqual([]);
  });

  it('use a new, unguessable token with the prefix smoke- each time', async () => {
    statuses = { '/': 200 };
    for (let time = 0; time < 2; time++) await smokePaths(stack, engine, ['/']);
    expect(new Set(tokens).size).toBe(2);
    for (const token of tokens) expect(token).toMatch(/^smoke-[\w-]{32}$/);
  });

  it('are not requested if the edge does not accept the token, because the active pool would answer', async () => {
    const deaf = { edge: () => Promise.reject(new CommandError('the edge does not answer')) } as unknown as Engine;
    let asked = 0;
    edge.on('request', () => asked++);
    await expect(smokePaths(stack, deaf, ['/'])).rejects.toThrow('the edge does not answer');
    expect(asked).toBe(0);
  });
});
