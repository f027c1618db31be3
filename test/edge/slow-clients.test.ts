import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { request } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../condition.ts';
import { type Edge, startEdge } from '../edge.ts';
import { keepGuarded } from '../guarded.ts';
import { open } from '../raw-client.ts';

const crowd = 200;
/** More than the edge keeps in memory of an answer that the client does not read. */
const largeBytes = 1024 * 1024;
// Generous: the machine that runs the tests may be busy.
const deadlineMs = 60_000;

let edge: Edge;
let stopBeating: () => void;
let sockets: Socket[];

beforeEach(async () => {
  edge = await startEdge();
  stopBeating = keepGuarded(edge);
  sockets = [];
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  stopBeating();
  await edge.close();
});

function openMany(count: number, bytes: string): Socket[] {
  const opened = Array.from({ length: count }, () => open(edge, bytes));
  sockets.push(...opened);
  return opened;
}

/** Writes one byte a second to each, until stopped. */
function drip(targets: readonly Socket[], byte: string): () => void {
  const timer = setInterval(() => {
    for (const socket of targets) if (socket.writable) socket.write(byte);
  }, 1_000);
  return () => clearInterval(timer);
}

/** Asks without a pause until stopped; returns how long each answer took, in milliseconds. */
function honestVisitor(): () => Promise<number[]> {
  let isRunning = true;
  const run = async () => {
    const tookMs: number[] = [];
    while (isRunning) {
      const startedAt = performance.now();
      const { statusCode, body } = await request(`${edge.url}/honest`);
      expect([statusCode, await body.text()]).toEqual([200, 'blue\n']);
      tookMs.push(performance.now() - startedAt);
      await delay(20);
    }
    return tookMs;
  };
  const running = run();
  // Whoever stops it learns of a failure.
  running.catch(() => {});
  return () => {
    isRunning = false;
    return running;
  };
}

const pathsSeen = () => edge.blue.requests.map(({ url }) => url).filter((url) => url !== '/healthz');

describe(`${crowd} clients each that send and read slowly, at once,`, () => {
  it('delay nobody, reach no app before they have sent everything, and are cut off if it is a header', async () => {
    let answeredLarge = 0;
    edge.blue.answer = (incoming, response) => {
      incoming.resume();
      if (incoming.url !== '/large') return void incoming.on('end', () => response.end('blue\n'));
      response.on('finish', () => answeredLarge++).end(Buffer.alloc(largeBytes));
    };
    const stopAsking = honestVisitor();
    const openedAt = performance.now();
    const headers = openMany(crowd, 'GET /slow-header HTTP/1.1\r\nHost: x\r\nX-A: ');
    const closed = headers.map(async (socket) => {
      socket.resume();
      // Not once(): a byte that meets the end of the connection resets it.
      await new Promise((resolve) => socket.once('close', resolve));
      return performance.now() - openedAt;
    });
    const bodies = openMany(crowd, 'POST /slow-body HTTP/1.1\r\nHost: x\r\nContent-Length: 50000\r\n\r\n');
    const deaf = openMany(crowd, 'GET /large HTTP/1.1\r\nHost: x\r\n\r\n');
    for (const socket of deaf) socket.pause();
    const stopDripping = [drip(headers, 'x'), drip(bodies, 'x')];

    await eventually('the edge to take the large answers off the app', () => answeredLarge === crowd, deadlineMs);
    for (const afterMs of await Promise.all(closed)) {
      expect(afterMs).toBeGreaterThan(9_000);
      expect(afterMs).toBeLessThan(25_000);
    }
    for (const stop of stopDripping) stop();
    const tookMs = (await stopAsking()).toSorted((a, b) => a - b);
    expect(tookMs.length).toBeGreaterThan(100);
    expect(tookMs.at(Math.floor(tookMs.length * 0.99))).toBeLessThan(2_000);
    expect(pathsSeen()).not.toContain('/slow-header');
    expect(pathsSeen()).not.toContain('/slow-body');
    // A byte a second keeps a body going: it may be a phone in a tunnel. It is answered in the end.
    const [slowest] = bodies;
    slowest?.write('x'.repeat(50_000));
    expect(String((await once(slowest as Socket, 'data'))[0])).toMatch(/^HTTP\/1.1 200 /);
    expect(pathsSeen().filter((path) => path === '/slow-body')).toHaveLength(1);
    const lines = (await edge.logLines(crowd)).filter((line) => line.includes('uri="/slow-header"'));
    expect(lines).toHaveLength(crowd);
    for (const line of lines) expect(line).toMatch(/^pool=- .* upstream_status="-" .* status=408 /);
  });
});
