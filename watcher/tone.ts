import type { Tone } from './wording.ts';

/** The colour beside a message. */
export const colorOf: { readonly [tone in Tone]: `#${string}` } = {
  bad: '#d32f2f',
  warning: '#f57c00',
  good: '#2e7d32',
  neutral: '#1565c0',
};
