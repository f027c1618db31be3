import { describe, expect, it } from 'vitest';
import { accessLine, type LineFields, reroutedLine } from '../../test/access-lines.ts';
import type { AccessEvent } from './event.ts';
import { parseLine } from './parse.ts';

function parsed(line: string): AccessEvent {
  const event = parseLine(line);
  if (typeof event === 'string') throw new Error(`rejected: ${event}`);
  return event;
}

describe('a line of the access log', () => {
  it('is parsed as the edge writes it', () => {
    const line =
      'pool=green release=green-release-1.0.0 active=blue route=- upstream_status="502, 200" ' +
      'upstream_addr="172.31.240.11:3000, 172.31.240.12:3000" request_time=0.045 ' +
      'upstream_response_time="0.001, 0.044" status=200 msec=1763856000.123 method=GET uri="/version" ' +
      'upstream_header_time="-, 0.044" upstream_length="0, 57" upstream_content_length="57" bytes_sent=57 ' +
      'completed="OK" request_id=0123abc remote_addr=10.0.0.1 user_agent="curl/8"';
    expect(parsed(line)).toEqual({
      pool: 'green',
      active: 'blue',
      route: 'public',
      release: 'green-release-1.0.0',
      startMs: 1763856000078,
      endMs: 1763856000123,
      status: 200,
      attempts: [
        { address: '172.31.240.11:3000', status: 502, tookMs: 1, headerMs: undefined, silent: true },
        { address: '172.31.240.12:3000', status: 200, tookMs: 44, headerMs: 44, silent: false },
      ],
      cutOff: false,
      method: 'GET',
      uri: '/version',
    });
  });

  it.each([
    ['failed', { status: 500, upstreamStatus: '500' }],
    ['failed at a pool, although its visitor had left', { status: 499, upstreamStatus: '502' }],
    ['has a masked failure', { upstreamStatus: '500, 200' }],
  ])('has its path if it %s', (_, fields) => {
    expect(parsed(accessLine({ ...fields, uri: '/cart' })).uri).toBe('/cart');
  });

  it('has no path if the request succeeded, because no alert needs it', () => {
    expect(parsed(accessLine({ pool: 'blue', uri: '/cart' })).uri).toBeUndefined();
  });

  it.each([
    ['-', 'public'],
    ['canary', 'canary'],
    ['preview', 'preview'],
  ] as const)('has the route %s', (route, expected) => {
    expect(parsed(accessLine({ route })).route).toBe(expected);
  });

  it('may be in the middle of a chunk', () => {
    const line = accessLine({ pool: 'blue' });
    const event = parseLine(`${line}\n${line}\n`, line.length + 1, 2 * line.length + 1);
    expect(event).toEqual(parsed(line));
  });

  it('ends at its newline, even if the next line closes an open quote', () => {
    const torn = accessLine().slice(0, -1);
    expect(parseLine(`${torn}\n${accessLine()}`, 0, torn.length)).toBe('malformed');
  });

  it('may have unknown keys, and its keys in another order', () => {
    const event = parsed(
      `later="a b" msec=1.500 status=200 request_time=0.500 upstream_status="200" active=green route=- pool=green x=1`,
    );
    expect(event).toMatchObject({ pool: 'green', active: 'green', startMs: 1_000, endMs: 1_500 });
  });

  it('is not changed by text that a visitor wrote', () => {
    const forged = 'x\\x22 pool=green active=green status=500 upstream_status=\\x22500\\x22';
    const event = parsed(accessLine({ pool: 'blue', userAgent: forged, uri: '/ pool=green upstream_status=500' }));
    expect(event).toMatchObject({ pool: 'blue', active: 'blue', status: 200 });
    expect(event.attempts.map(({ status }) => status)).toEqual([200]);
  });

  it.each([
    ['-', []],
    ['', []],
    ['200', [200]],
    ['502, 200', [502, 200]],
    ['502, 504 : 200', [502, 504, 200]],
    ['502, -', [502, 0]],
  ])('has the attempts of upstream_status "%s"', (upstreamStatus, statuses) => {
    const line = accessLine({ upstreamStatus, ...(statuses.length === 0 ? { upstreamAddr: '-' } : {}) });
    expect(parsed(line).attempts.map(({ status }) => status)).toEqual(statuses);
  });

  it('may have " : " between two attempts in every list, as after an internal redirect', () => {
    const fields = {
      upstreamStatus: '504 : 200',
      upstreamAddr: '172.31.240.11:3000 : 172.31.240.12:3000',
      responseTime: '3.000 : 0.004',
      headerTime: '- : 0.004',
      length: '0 : 20',
    };
    expect(parsed(reroutedLine({ ...fields, uri: '/cart' }))).toMatchObject({
      attempts: [
        { address: '172.31.240.11:3000', status: 504, tookMs: 3_000, headerMs: undefined, silent: true },
        { address: '172.31.240.12:3000', status: 200, tookMs: 4, headerMs: 4, silent: false },
      ],
      cutOff: true,
      uri: '/cart',
    });
  });

  it.each([
    ['headers too big', 'headers too big'],
    ['-', undefined],
    ['something new', undefined],
  ])('has the fault "%s" as %s', (fault, expected) => {
    expect(parsed(accessLine({ status: 502, fault })).fault).toBe(expected);
  });

  it('has its path if the answer was not HTTP', () => {
    for (const status of [9, 99, 100, 103])
      expect(parsed(accessLine({ status, upstreamStatus: '200', uri: '/cart' })).uri).toBe('/cart');
    expect(parsed(accessLine({ status: 101, uri: '/cart' })).uri).toBeUndefined();
  });

  const [requestId, traceId] = ['a'.repeat(32), 'b'.repeat(32)];

  it.each([
    ['was answered by another pool than the active one', { active: 'green', pool: 'blue' }],
    ['took two attempts', { upstreamStatus: '502, 200', upstreamAddr: '172.31.240.11:3000, 172.31.240.12:3000' }],
    ['failed', { status: 502 }],
    ['was cut off', { length: '20' }],
  ] as const)('has the ids of a request that %s', (_what, fields) => {
    expect(parsed(accessLine({ ...fields, requestId, traceId })).ids).toEqual({ requestId, traceId });
  });

  it('has no ids of a request that succeeded, because no alert needs them', () => {
    expect(parsed(accessLine({ requestId, traceId })).ids).toBeUndefined();
  });

  it('has only valid ids, and the trace id is optional', () => {
    const failed = (fields: LineFields) => parsed(accessLine({ status: 500, ...fields })).ids;
    expect(failed({ requestId: '-' })).toBeUndefined();
    expect(failed({ requestId: 'A'.repeat(32) })).toBeUndefined();
    expect(failed({ requestId, traceId: '<script>' })).toEqual({ requestId });
    const older = accessLine({ status: 500, requestId }).replace(/ trace_id=\S+/, '');
    expect(parsed(older).ids).toEqual({ requestId });
  });

  it('may be a bad request that was never routed', () => {
    const line =
      'pool=- release=- active=- route=- upstream_status="-" upstream_addr="-" request_time=0.000 upstream_response_time="-" ' +
      'status=400 msec=1763856000.123 method=- uri="-" upstream_header_time="-" upstream_length="-" ' +
      'upstream_content_length="-" bytes_sent=150 completed="" request_id=- remote_addr=10.0.0.1 user_agent=""';
    const event = parsed(line);
    expect(event).toMatchObject({ attempts: [], status: 400 });
    expect([event.pool, event.active, event.release]).toEqual([undefined, undefined, undefined]);
  });

  it.each([
    ['cut off by the pool', { length: '20', bytesSent: 20 }, true],
    ['complete', {}, false],
    ['that the visitor did not wait for', { length: '20', bytesSent: 20, completed: '' }, false],
    ['cut off before all of it was sent to the visitor', { length: '20', bytesSent: 10 }, true],
    ['to a HEAD', { length: '0', bytesSent: 0, method: 'HEAD' }, false],
    ['a 304', { length: '0', bytesSent: 0, status: 304 }, false],
    ['without a Content-Length', { length: '20', bytesSent: 20, contentLength: '-' }, false],
    ['cut off after a masked attempt', { upstreamStatus: '502, 200', length: '0, 20', bytesSent: 20 }, true],
  ] as const)('detects whether an answer was cut off: %s', (_, fields, cutOff) => {
    expect(parsed(accessLine(fields)).cutOff).toBe(cutOff);
  });
});

describe('a line that is not from the edge', () => {
  const line = reroutedLine({ startMs: 1763856000000 });

  it.each([
    ['empty', '', 'empty'],
    ['blank', ' ', 'malformed'],
    ['in another format', '10.0.0.1 - - [23/Nov/2025:00:00:00 +0000] "GET / HTTP/1.1" 200 57', 'malformed'],
    ['JSON', '{"pool":"blue","status":200}', 'malformed'],
    ['of NUL bytes', '\0\0\0\0', 'malformed'],
    ['torn in a quoted value', line.slice(0, line.indexOf('502') + 1), 'malformed'],
    ['torn before its status', line.slice(0, line.indexOf(' status=')), 'missing-field'],
    ['torn in a time', line.replace('request_time=0.005', 'request_time=0.0'), 'bad-value'],
    ['joined to another in a quoted value', line.slice(0, line.indexOf('curl')) + line, 'malformed'],
    ['joined to another between values', `${line} ${line}`, 'duplicate-key'],
    ['with an unknown pool', line.replace('pool=green', 'pool=red'), 'bad-value'],
    ['with an unknown route', line.replace('route=-', 'route=scenic'), 'bad-value'],
    ['with a public route by name', line.replace('route=-', 'route=public'), 'bad-value'],
    ['with a negative time', line.replace('request_time=0.005', 'request_time=-0.005'), 'bad-value'],
    ['with a huge time', line.replace('request_time=0.005', 'request_time=9999999999.000'), 'bad-value'],
    ['with letters in the status', line.replace(' status=200', ' status=2oo'), 'bad-value'],
    ['with letters in an attempt', line.replace('"502, 200"', '"502, x"'), 'bad-value'],
    ['with a quote in a bare value', line.replace('method=GET', 'method=G"ET'), 'malformed'],
    ['ending in a space', `${line} `, 'malformed'],
  ])('is rejected with its reason: %s', (_, text, reason) => {
    expect(parseLine(text)).toBe(reason);
  });

  it('never makes the parser throw, whatever is cut out of it or put into it', () => {
    for (let at = 0; at <= line.length; at++) {
      for (const piece of ['', '"', ' ', '=', '\\', '\0', '\u00ff', ', ', ' : ']) {
        parseLine(line.slice(0, at) + piece + line.slice(at + 1));
        parseLine(line.slice(0, at) + piece);
      }
    }
  });
});
