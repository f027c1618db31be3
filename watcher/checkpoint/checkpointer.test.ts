import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Checkpointer } from './checkpointer.ts';

describe('the checkpoint is written', () => {
  /** Seconds from the start. */
  let writes: number[];
  let fault: Error | undefined;
  let checkpointer: Checkpointer;

  beforeEach(() => {
    vi.useFakeTimers();
    [writes, fault] = [[], undefined];
    const startedMs = Date.now();
    const disk = {
      save: async () => {
        writes.push(Math.round((Date.now() - startedMs) / 1_000));
        if (fault !== undefined) throw fault;
      },
    };
    checkpointer = new Checkpointer(
      disk,
      () => ({}),
      () => {},
    );
  });
  afterEach(() => {
    checkpointer.stop();
    vi.useRealTimers();
  });

  it('at the start, and every 30 seconds while nothing happens', async () => {
    checkpointer.start();
    await vi.advanceTimersByTimeAsync(100_000);
    expect(writes).toEqual([0, 30, 60, 90]);
  });

  it('at once after a change, and then once a second while more changes follow', async () => {
    await vi.advanceTimersByTimeAsync(5_000);
    for (let change = 0; change < 30; change++) {
      checkpointer.changed();
      await vi.advanceTimersByTimeAsync(100);
    }
    await vi.advanceTimersByTimeAsync(10_000);
    expect(writes).toEqual([5, 6, 7, 8]);
  });

  it('again a second after a failure, until it succeeds', async () => {
    fault = Object.assign(new Error(), { code: 'ENOSPC' });
    checkpointer.changed();
    await vi.advanceTimersByTimeAsync(2_500);
    expect(checkpointer.health).toEqual({ state: 'failing', fault: 'ENOSPC', lastWritten: null });
    expect([checkpointer.writes, checkpointer.errors]).toEqual([0, 3]);
    fault = undefined;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(writes).toEqual([0, 1, 2, 3]);
    expect([checkpointer.writes, checkpointer.errors]).toEqual([1, 3]);
    expect(checkpointer.health).toMatchObject({ state: 'ok', lastWritten: expect.stringMatching(/Z$/) });
  });

  it('once for a change that is requested to be durable within its second', async () => {
    checkpointer.changed();
    await vi.advanceTimersByTimeAsync(500);
    checkpointer.changed();
    await checkpointer.durable();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(writes).toHaveLength(2);
  });

  it.each([
    ['a change is pending', true],
    ['nothing happens', false],
  ])('no more after the checkpointer is stopped while %s', async (_, waits) => {
    checkpointer.start();
    await vi.advanceTimersByTimeAsync(500);
    if (waits) checkpointer.changed();
    checkpointer.stop();
    await vi.advanceTimersByTimeAsync(90_000);
    expect(writes).toEqual([0]);
  });
});
