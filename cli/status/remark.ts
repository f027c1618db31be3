import type { Tone } from '../../report/tone.ts';

/** One statement about the stack, and how grave it is, with the same tones as alerts. */
export interface Remark {
  readonly tone: Tone;
  readonly text: string;
}
