import { describe, expect, it } from 'vitest';
import { accessLine, type LineFields, unservedLine } from '../../test/access-lines.ts';
import type { AccessEvent } from './event.ts';
import { wasUnserved } from './observe.ts';
import { parseLine } from './parse.ts';

function eventOf(line: string): AccessEvent {
  const event = parseLine(line);
  if (typeof event === 'string') throw new Error(`${event}: ${line}`);
  return event;
}

/** One attempt that got no header, so that the 502 is the edge's own. */
const silent: LineFields = { pool: '-', status: 502, upstreamStatus: '502', headerTime: '-' };

describe('a request that no pool could serve', () => {
  it('is one that was tried at both pools, and neither answered', () => {
    expect(wasUnserved(eventOf(unservedLine()))).toBe(true);
  });

  it('is not one that was tried at a single pool: a POST is not repeated, and the other pool may be healthy', () => {
    const upstreamAddr = '172.31.240.11:3000';
    expect(wasUnserved(eventOf(accessLine({ ...silent, method: 'POST', upstreamAddr })))).toBe(false);
  });

  it('is one with a single attempt if nginx had no live upstream left to try', () => {
    expect(wasUnserved(eventOf(accessLine({ ...silent, upstreamAddr: 'blue_first' })))).toBe(true);
  });

  it('is not one that a pool answered, even with an error', () => {
    expect(wasUnserved(eventOf(unservedLine({ upstreamStatus: '502, 500', headerTime: '-, 0.004' })))).toBe(false);
  });
});
