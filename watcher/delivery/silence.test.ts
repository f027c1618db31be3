import { describe, expect, it } from 'vitest';
import { silenceBegun, silenceEnded, silentMs } from './queue.ts';

describe('the silence of a channel', () => {
  it('begins with the first message that the channel does not accept, and not again with the next', () => {
    const silence = silenceBegun(undefined, 100);
    expect(silence).toEqual({ fromMs: 100 });
    expect(silenceBegun(silence, 200)).toEqual({ fromMs: 100 });
  });

  it('begins again after it has ended', () => {
    expect(silenceBegun({ fromMs: 100, untilMs: 150 }, 200)).toEqual({ fromMs: 200 });
  });

  it('ends with the first message that the channel accepts, and only then', () => {
    const silence = silenceEnded({ fromMs: 100 }, 150);
    expect(silence).toEqual({ fromMs: 100, untilMs: 150 });
    expect(silenceEnded(silence, 200)).toEqual(silence);
    expect(silenceEnded(undefined, 200)).toBeUndefined();
  });

  it('delays a message that was queued before its end', () => {
    expect(silentMs({ fromMs: 100, untilMs: 150 }, 120, 900)).toBe(50);
    expect(silentMs({ fromMs: 100 }, 120, 900)).toBe(800);
  });

  it('does not delay one that was queued later', () => {
    expect(silentMs({ fromMs: 100, untilMs: 150 }, 151, 900)).toBe(0);
    expect(silentMs(undefined, 120, 900)).toBe(0);
  });
});
