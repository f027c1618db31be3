import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Pause } from './pause.ts';

describe('a pause', () => {
  let pause: Pause;
  let over: boolean;

  beforeEach(() => {
    vi.useFakeTimers();
    [pause, over] = [new Pause(), false];
  });
  afterEach(() => void vi.useRealTimers());

  /** Runs everything that does not wait for a timer. */
  const runPromises = async () => {
    for (let turn = 0; turn < 9; turn++) await Promise.resolve();
  };
  const begin = async (ms: number) => {
    void pause.for(ms).then(() => {
      over = true;
    });
    await runPromises();
  };

  it('lasts exactly as long as it should', async () => {
    await begin(1_000);
    await vi.advanceTimersByTimeAsync(999);
    expect(over).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(over).toBe(true);
  });

  it.each([0, -5])('of %i ms returns at once', async (ms) => {
    await begin(ms);
    expect([over, vi.getTimerCount()]).toEqual([true, 0]);
  });

  it('can be ended, which leaves no timer and does not end the next one', async () => {
    await begin(1_000);
    pause.end();
    await runPromises();
    expect([over, vi.getTimerCount()]).toEqual([true, 0]);
    over = false;
    await begin(1_000);
    expect(over).toBe(false);
  });

  it('is ended by close, and so is each later one', async () => {
    await begin(1_000);
    pause.close();
    await runPromises();
    expect(over).toBe(true);
    over = false;
    await begin(1_000);
    expect([over, vi.getTimerCount()]).toEqual([true, 0]);
  });
});
