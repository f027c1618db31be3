import { describe, expect, it } from 'vitest';
import { accessLine, type LineFields, reroutedLine, unservedLine } from '../../test/access-lines.ts';
import type { AccessEvent } from './event.ts';
import {
  failedAt,
  failedOnBoth,
  failureCause,
  maskedCause,
  pathOf,
  upstreamPath,
  wasServed,
  wasUnserved,
} from './observe.ts';
import { parseLine } from './parse.ts';

function eventOf(line: string): AccessEvent {
  const event = parseLine(line);
  if (typeof event === 'string') throw new Error(`${event}: ${line}`);
  return event;
}

/** One attempt without a response header, so the 502 is the edge's own. */
const silent: LineFields = { pool: '-', status: 502, upstreamStatus: '502', headerTime: '-' };

describe('a request that no pool could serve', () => {
  it('was tried at both pools, and neither answered', () => {
    expect(wasUnserved(eventOf(unservedLine()))).toBe(true);
  });

  it('was not tried at only one pool: a POST is not retried, and the other pool may be healthy', () => {
    const upstreamAddr = '172.31.240.11:3000';
    expect(wasUnserved(eventOf(accessLine({ ...silent, method: 'POST', upstreamAddr })))).toBe(false);
  });

  it('may have a single attempt if nginx had no live upstream left to try', () => {
    expect(wasUnserved(eventOf(accessLine({ ...silent, upstreamAddr: 'blue_first' })))).toBe(true);
  });

  it('does not have a single attempt at an address that was not logged', () => {
    expect(wasUnserved(eventOf(accessLine({ ...silent, upstreamAddr: '' })))).toBe(false);
  });

  it('does not have a visitor who left before the second pool answered', () => {
    expect(wasUnserved(eventOf(unservedLine({ status: 499, upstreamStatus: '502, -' })))).toBe(false);
    expect(wasUnserved(eventOf(unservedLine({ status: 499 })))).toBe(false);
  });

  it('was not answered by a pool, not even with an error', () => {
    expect(wasUnserved(eventOf(unservedLine({ upstreamStatus: '502, 500', headerTime: '-, 0.004' })))).toBe(false);
  });
});

describe('a request that was served', () => {
  it.each<[boolean, string, LineFields]>([
    [true, 'a page', { status: 200 }],
    [true, "a visitor's error", { status: 499, upstreamStatus: '404' }],
    [false, 'an error from the app', { status: 500 }],
    [false, 'an error from the edge after a good answer', { status: 500, upstreamStatus: '200' }],
    [false, 'a good answer in place of an error from the app', { status: 200, upstreamStatus: '500' }],
    [false, 'a visitor who left before the answer', { status: 499, upstreamStatus: '-' }],
    [true, 'a WebSocket', { status: 101 }],
    [false, 'bytes that are not HTTP', { status: 9, upstreamStatus: '200' }],
    [false, 'a status that HTTP does not have', { status: 99 }],
    [false, 'an informational answer with nothing after it', { status: 100 }],
    [false, 'no pool tried', { status: 200, upstreamStatus: '-', upstreamAddr: '-' }],
  ])('is %s: %s', (expected, _, fields) => {
    expect(wasServed(eventOf(accessLine(fields)))).toBe(expected);
  });
});

describe('an attempt that failed', () => {
  it('has a server error, or is the last one of a request whose answer was cut off', () => {
    const event = eventOf(reroutedLine({ contentLength: '-, 57', length: '0, 20' }));
    expect([0, 1].map((index) => failedAt(event, index))).toEqual([true, true]);
    const broken = { upstreamStatus: '404, 200', contentLength: '57, 57', length: '57, 20' };
    expect([0, 1].map((index) => failedAt(eventOf(reroutedLine(broken)), index))).toEqual([false, true]);
    expect([0, 1].map((index) => failedAt(eventOf(reroutedLine()), index))).toEqual([true, false]);
  });

  it.each([
    [[true], { status: 9, upstreamStatus: '200' }],
    [[true], { status: 99 }],
    [[true], { status: 103 }],
    [[false], { status: 101 }],
    [[false], { status: 200, upstreamStatus: '103' }],
    [[false, true], { status: 9, upstreamStatus: '404, 200' }],
    [[true, false], { status: 200, upstreamStatus: '099, 200' }],
    [[true, false], { status: 200, upstreamStatus: '504 : 200' }],
  ] as const)('may have an answer that is not HTTP: %j for %j', (failed, fields) => {
    const event = eventOf(accessLine(fields));
    expect(event.attempts.map((_, index) => failedAt(event, index))).toEqual(failed);
  });
});

describe('a request that failed on both pools', () => {
  const both = '172.31.240.11:3000, 172.31.240.12:3000';

  it.each<[boolean, string, LineFields]>([
    [true, 'two errors', { status: 500, upstreamStatus: '500, 500', upstreamAddr: both }],
    [true, 'a timeout on each', { status: 504, upstreamStatus: '504 : 504', upstreamAddr: both.replace(',', ' :') }],
    [true, 'a second answer that was cut off', { upstreamStatus: '500, 200', upstreamAddr: both, length: '0, 20' }],
    [false, 'an error and an answer', { upstreamStatus: '500, 200', upstreamAddr: both }],
    [false, 'one attempt', { status: 500 }],
    [
      false,
      'no pool left to try',
      { status: 502, upstreamStatus: '500, 502', upstreamAddr: '172.31.240.11:3000, blue_first' },
    ],
  ])('is %s: %s', (expected, _, fields) => {
    expect(failedOnBoth(eventOf(accessLine(fields)))).toBe(expected);
  });
});

describe('headers that are too big', () => {
  const event = eventOf(accessLine({ ...silent, fault: 'headers too big' }));

  it('are named as the cause', () => {
    expect(failureCause(event)).toBe('headers too big');
    expect(failureCause(eventOf(accessLine({ ...silent, fault: '-' })))).toBe('refused or reset');
    expect(failureCause(eventOf(accessLine({ status: 9, upstreamStatus: '200' })))).toBe('not HTTP');
  });

  it('show no outage: the pool has answered', () => {
    expect(wasUnserved(eventOf(unservedLine({ fault: 'headers too big' })))).toBe(false);
  });
});

describe('why another pool was tried', () => {
  it.each([
    ['refused or reset', '502, 200', '-, 0.004'],
    ['timed out', '504, 200', '-, 0.004'],
    ['timed out', '504 : 200', '- : 0.004'],
    ['not HTTP', '099, 200', '0.001, 0.004'],
    ['status 502', '502, 200', '0.001, 0.004'],
    ['status 504', '504, 200', '0.001, 0.004'],
    ['status 500', '500, 200', '0.001, 0.004'],
    [undefined, '404, 200', '0.001, 0.004'],
    [undefined, '500', '0.001'],
  ])('is "%s" for the statuses %s and the header times %s', (cause, upstreamStatus, headerTime) => {
    expect(maskedCause(eventOf(reroutedLine({ upstreamStatus, headerTime })))).toBe(cause);
  });
});

describe('what an alert quotes from a request', () => {
  const attempt = { silent: true, tookMs: 1, headerMs: undefined };
  const withAttempts = (...attempts: { address: string; status: number }[]): AccessEvent => ({
    ...eventOf(accessLine()),
    attempts: attempts.map((one) => ({ ...attempt, ...one })),
  });

  it('is at most four of its attempts, with addresses of at most 64 characters', () => {
    const attempts = Array.from({ length: 9 }, (_, index) => ({ address: `${index}${'x'.repeat(99)}`, status: 502 }));
    const path = upstreamPath(withAttempts(...attempts));
    expect(path.split(' → ')).toHaveLength(4);
    expect(path.split(' → ')[3]).toBe(`3${'x'.repeat(63)} (502)`);
  });

  it('shows that an address or a status was not logged', () => {
    expect(upstreamPath(withAttempts({ address: '', status: 0 }))).toBe('unknown (no answer)');
  });

  it.each([
    ['/pay?card=1', '/pay'],
    ['/pay#card', '/pay'],
    ['?card=1', '/'],
    ['', '/'],
    [`/${'x'.repeat(200)}`, `/${'x'.repeat(79)}`],
  ])('of the URI "%s" is only "%s"', (uri, path) => {
    expect(pathOf(uri)).toBe(path);
  });
});
