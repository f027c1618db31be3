import type { Wording } from './wording.ts';

/** The colour beside a message. */
export const colorOf: { readonly [tone in Wording['tone']]: `#${string}` } = {
  bad: '#d32f2f',
  warning: '#f9a825',
  good: '#2e7d32',
  neutral: '#1565c0',
};
