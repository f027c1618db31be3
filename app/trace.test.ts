import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../test/condition.ts';
import { type SpawnedApp, spawnApp } from '../test/spawned-app.ts';
import { onFailure } from './failure.ts';
import { trace } from './trace.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const parentId = '00f067aa0ba902b7';
const requestId = '0123456789abcdef0123456789abcdef';
const fromEdge = { 'X-Request-Id': requestId, traceparent: `00-${traceId}-${parentId}-01` };

let app: SpawnedApp;
let output = '';

beforeAll(async () => {
  app = await spawnApp();
  app.process.stdout?.on('data', (chunk) => {
    output += chunk;
  });
});

afterAll(() => {
  app.process.kill('SIGKILL');
});

const ask = (path: string, headers: Record<string, string> = {}) => fetch(app.origin + path, { headers });

test('an answer carries the id of its request, and continues its trace in a new span', async () => {
  const { headers } = await ask('/version', fromEdge);
  expect(headers.get('x-request-id')).toBe(requestId);
  const [version, traceOfAnswer, span, flags] = headers.get('traceresponse')?.split('-') ?? [];
  expect([version, traceOfAnswer, flags]).toEqual(['00', traceId, '01']);
  expect(span).toMatch(/^[0-9a-f]{16}$/);
  expect(span).not.toBe(parentId);
});

test('a request without valid ids gets new ones', async () => {
  const bad = { 'X-Request-Id': 'x'.repeat(65), traceparent: `00-${'0'.repeat(32)}-${parentId}-01` };
  for (const sent of [{}, bad]) {
    const { headers } = await ask('/version', sent);
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f]{32}$/);
    expect(headers.get('traceresponse')).toMatch(/^00-(?!0{32})[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  }
});

test('an error is logged with the same ids, except for health checks', async () => {
  await fetch(`${app.origin}/chaos/start?mode=error`, { method: 'POST' });
  expect((await ask('/healthz')).status).toBe(500);
  const { headers } = await ask('/nowhere', fromEdge);
  const [, , spanId] = headers.get('traceresponse')?.split('-') ?? [];
  await eventually('the line', () => output.includes('request failed'));
  const lines = output.split('\n').filter((line) => line.includes('request failed'));
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    requestId,
    traceId,
    spanId,
    parentId,
    method: 'GET',
    path: '/nowhere',
    status: 500,
  });
});

test('an exception is logged once, with its cause', async () => {
  const lines: string[] = [];
  const log = pino({ base: null }, { write: (line) => lines.push(line) });
  const broken = express()
    .use(trace(log))
    .get('/', () => {
      throw new Error('out of paper');
    })
    .use(onFailure(log));
  const server = broken.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    for (const headers of [fromEdge, {}]) {
      const { port } = server.address() as AddressInfo;
      const answer = await fetch(`http://127.0.0.1:${port}/`, { headers });
      expect(answer.status).toBe(500);
      await answer.arrayBuffer();
    }
  } finally {
    server.close();
    await once(server, 'close');
  }
  const logged = lines.map((line) => JSON.parse(line));
  expect(logged).toMatchObject([{ requestId, err: { message: 'out of paper' } }, { err: { message: 'out of paper' } }]);
});
