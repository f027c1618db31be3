import type { Anchor } from '../../report/alert-kinds.ts';
import type { Tone } from '../../report/tone.ts';
import type { Pool } from '../../settings/pool.ts';

/** Slack's header takes 150 characters, and the identifier may follow the headline. */
export const maxHeadline = 120;

/** The labels of the facts below a message's summary, in the order in which every message shows them. */
export const labels = [
  'Now serving',
  'Replaces',
  'Rolled back',
  'Restored',
  'Image',
  'Until',
  'Lasted',
  'Ended',
  'Took',
  'Issued by',
  'Cause',
  'Next attempt',
  'Figures',
  'Worst paths',
  'Upstream',
  'Request',
  'In order',
  'By',
  'Held back',
  'Delivery',
] as const;

export interface Fact {
  readonly label: (typeof labels)[number];
  readonly spans: readonly Span[];
}

/** A detail from outside; none if there is no value. */
export function fact(label: Fact['label'], value: string | undefined): Fact[] {
  return value === undefined || value === '' ? [] : [{ label, spans: [{ code: value }] }];
}

/** A detail in our own words. */
export function note(label: Fact['label'], text: string): Fact {
  return { label, spans: [{ text }] };
}

/** A moment; each channel formats it in its own way. */
export function time(label: Fact['label'], atMs: number): Fact {
  return { label, spans: [{ atMs }] };
}

/** The pool that serves, and its release if it is known. */
export function serving(pool: Pool, release?: string): Fact {
  const of: Span[] = release === undefined || release === '' ? [] : [{ text: ' ' }, { code: release }];
  return { label: 'Now serving', spans: [{ text: pool }, ...of] };
}

/** Sorts facts into the order of `labels`; of several with the same label, the last one stays. */
export function inFixedOrder(facts: readonly Fact[]): readonly Fact[] {
  return labels.flatMap((label) => facts.findLast((one) => one.label === label) ?? []);
}

/** Who did it, if that is known. */
export function by(actor: string | undefined): Fact[] {
  return fact('By', actor);
}

/** The color beside a message. */
export const colorOf: { readonly [tone in Tone]: `#${string}` } = {
  bad: '#d32f2f',
  warning: '#f57c00',
  good: '#2e7d32',
  neutral: '#1565c0',
};

/** A run of words: our own, something from outside (`code`) that every channel must quote, or a moment. */
export type Span = { readonly text: string } | { readonly code: string } | { readonly atMs: number };

/** An alert in words; each channel lays it out. */
export interface Wording {
  /** Complete on its own: a locked phone shows nothing else. */
  readonly headline: string;
  /** What it means for visitors, and what follows. */
  readonly summary: string;
  readonly facts: readonly Fact[];
  readonly tone: Tone;
  /** The section of docs/alerts.md. */
  readonly anchor: Anchor;
}

/** What a message shows besides its wording. */
export interface MessageOrigin {
  readonly atMs: number;
  readonly incident: string;
}
