import { describe, expect, it } from 'vitest';
import type { Engine } from '../engine/engine.ts';
import { CommandError } from '../terminal/command-error.ts';
import { drain } from './drain.ts';

/** An edge that reports these counts of connections to green, one for each request. */
const counting = (...counts: (string | Error)[]) => {
  const asked: string[][] = [];
  const edge = async (...args: string[]) => {
    asked.push(args);
    const count = counts.length > 1 ? counts.shift() : counts[0];
    if (count instanceof Error) throw count;
    return count;
  };
  return { engine: { edge } as unknown as Engine, asked };
};
const drained = ({ engine }: { readonly engine: Engine }, limitMs: number, details: string[] = []) =>
  drain(engine, 'green', limitMs, { say: (text) => details.push(text), signal: new AbortController().signal });

describe('draining a pool', () => {
  it('waits until no request to the pool is in flight', async () => {
    const edge = counting('2', '1', '0');
    const details: string[] = [];
    expect(await drained(edge, 60_000, details)).toBe('no requests in flight to green');
    expect(details).toEqual(['2 connections to green', '1 connection to green']);
    expect(edge.asked).toEqual([0, 1, 2].map(() => ['inflight', 'green']));
  });

  it('stops waiting after the time limit', async () => {
    expect(await drained(counting('3'), 0)).toBe(
      '3 connections to green still open; the app finishes what it can before it stops',
    );
    const startedAt = performance.now();
    expect(await drained(counting('1'), 300)).toMatch(/^1 connection to green still open/);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });

  it('does not wait if the edge cannot count connections', async () => {
    expect(await drained(counting(new CommandError('no /proc')), 60_000)).toContain('not waiting');
    await expect(drained(counting(new TypeError('a bug')), 60_000)).rejects.toThrow('a bug');
  });

  it('is ended by Ctrl-C', async () => {
    const { engine } = counting('1');
    const controller = new AbortController();
    const draining = drain(engine, 'green', 60_000, { say: () => controller.abort(), signal: controller.signal });
    await expect(draining).rejects.toThrow('abort');
  });
});
