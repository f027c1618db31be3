import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { accessLine, type LineFields, reroutedLine } from '../test/access-lines.ts';
import { eventually } from '../test/condition.ts';
import { EarlyChecks } from './early-checks.ts';
import { parseLine } from './request/parse.ts';

const addresses = { blue: '172.31.240.11:3000', green: '172.31.240.12:3000' };

let asked: string[];
let prober = createServer();
let checks: EarlyChecks;

beforeEach(async () => {
  asked = [];
  prober = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.writeHead(204).end();
  }).listen(0, '127.0.0.1');
  await once(prober, 'listening');
  checks = new EarlyChecks(`127.0.0.1:${(prober.address() as AddressInfo).port}`, addresses);
});

afterEach(() => {
  prober.closeAllConnections();
  prober.close();
});

function see(line: string): void {
  const bytes = Buffer.from(line);
  const event = parseLine(bytes, 0, bytes.length);
  if (typeof event === 'string') throw new Error(`${event}: ${line}`);
  checks.see(event);
}

/** All requests to the prober so far: the request for green comes after them. */
async function allAsked(): Promise<string[]> {
  see(accessLine({ active: 'green', status: 500 }));
  await eventually('the last one', () => asked.includes('POST /check/green'));
  return asked.filter((one) => one !== 'POST /check/green');
}

it.each([
  ['answered 500', () => accessLine({ status: 500 })],
  ['failed before the other pool answered', () => reroutedLine()],
  ['cut off its answer', () => accessLine({ contentLength: '57', length: '20' })],
])('asks for a check of a pool that %s', async (_, line) => {
  see(line());
  await eventually('the request', () => asked.length === 1);
  expect(asked).toEqual(['POST /check/blue']);
});

it.each<[string, LineFields]>([
  ['succeeded', {}],
  ['was answered 404', { status: 404 }],
  ['failed a while ago', { status: 500, startMs: Date.now() - 60_000 }],
  ['never reached a pool', { status: 503, pool: '-', upstreamStatus: '', upstreamAddr: '' }],
  ['was abandoned by its visitor', { status: 499, upstreamStatus: '-' }],
])('asks for no check if a request %s', async (_, fields) => {
  see(accessLine(fields));
  expect(await allAsked()).toEqual([]);
});

it('has one request at a time for each pool, whatever fails meanwhile', async () => {
  for (let count = 0; count < 100; count++) see(accessLine({ status: 500 }));
  expect(await allAsked()).toEqual(['POST /check/blue']);
});

it('asks again after the prober did not answer', async () => {
  const answer = prober.listeners('request')[0];
  prober.removeAllListeners('request').once('request', (request) => {
    asked.push('reset');
    request.socket.resetAndDestroy();
  });
  see(accessLine({ status: 500 }));
  await eventually('the reset', () => asked.includes('reset'));
  prober.on('request', answer as Parameters<typeof createServer>[1] & {});
  await eventually('the next request', () => {
    see(accessLine({ status: 500 }));
    return asked.includes('POST /check/blue');
  });
});
