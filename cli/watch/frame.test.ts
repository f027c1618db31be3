import { describe, expect, it } from 'vitest';
import { blue, green, lookOf } from '../../test/looks.ts';
import type { WatchEvent } from './event.ts';
import { frameOf } from './frame.ts';

const atMs = Date.UTC(2025, 10, 23, 14, 5, 9);
const event = (text: string): WatchEvent => ({ atMs, tone: 'neutral', what: 'switch', text });
const shown = (events: readonly WatchEvent[], look = lookOf()) => ({
  look,
  rates: { blue: { perSecond: 12.34, failed: 2 }, green: { perSecond: 0, failed: 0 } },
  events,
  where: 'http://127.0.0.1:8080 on the host engine',
  nowMs: atMs,
});

describe('a frame of watch', () => {
  it('has the state at the top and the newest event at the bottom; the oldest events are cut', () => {
    const events = Array.from({ length: 100 }, (_, index) => event(`number ${index}`));
    const lines = frameOf(shown(events), { columns: 80, rows: 24 });
    expect(lines).toHaveLength(24);
    expect(lines[0]).toBe('blue is active and serves blue-1; green stands by');
    expect(lines.join('\n')).toMatch(/^blue +active +blue-1 +healthy +12\.3 +2$/m);
    expect(lines.at(-1)).toContain('number 99');
    expect(lines.join('\n')).not.toContain('number 60');
  });

  it.each([
    { columns: 1, rows: 1 },
    { columns: 20, rows: 5 },
    { columns: 200, rows: 60 },
  ])('fits $columns × $rows', ({ columns, rows }) => {
    const lines = frameOf(shown([event('x'.repeat(500)), event('😀'.repeat(300))]), { columns, rows });
    expect(lines.length).toBeLessThanOrEqual(rows);
    for (const line of lines) expect([...line].length).toBeLessThanOrEqual(columns);
  });

  it('contains nothing from an app or an operator that a terminal would interpret', () => {
    const evil = 'a\x1b[2J\x1b]0;title\x07\r\nb\u009b31m\u2028c\u202e';
    const pools = [{ ...blue, release: evil, reported: evil, health: evil }, green];
    const lines = frameOf(shown([event(evil)], lookOf({ pools })), { columns: 300, rows: 40 });
    for (const line of lines) expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(lines.at(-1)).toContain('a [2J ]0;title b 31m c');
  });
});
