import type { Anchor } from '../../report/alert-kinds.ts';
import type { Tone } from '../../report/tone.ts';
import type { Pool } from '../../settings/pool.ts';

/** What a message can have beside its words, in the order in which every message has it. */
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
  'Cause',
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

/** A detail that comes from outside, where there is one. */
export function fact(label: Fact['label'], value: string | undefined): Fact[] {
  return value === undefined || value === '' ? [] : [{ label, spans: [{ code: value }] }];
}

/** A detail in our own words. */
export function note(label: Fact['label'], text: string): Fact {
  return { label, spans: [{ text }] };
}

/** A moment, which each channel shows in its own way. */
export function time(label: Fact['label'], atMs: number): Fact {
  return { label, spans: [{ atMs }] };
}

/** Who answers visitors, and with what, where it is known. */
export function serving(pool: Pool, release?: string): Fact {
  const of: Span[] = release === undefined || release === '' ? [] : [{ text: ' ' }, { code: release }];
  return { label: 'Now serving', spans: [{ text: pool }, ...of] };
}

/** In the one order; what comes later replaces what came before under the same label. */
export function inFixedOrder(facts: readonly Fact[]): readonly Fact[] {
  return labels.flatMap((label) => facts.findLast((one) => one.label === label) ?? []);
}

/** Who did it, where that is known. */
export function by(actor: string | undefined): Fact[] {
  return fact('By', actor);
}

/** The colour beside a message. */
export const colorOf: { readonly [tone in Tone]: `#${string}` } = {
  bad: '#d32f2f',
  warning: '#f57c00',
  good: '#2e7d32',
  neutral: '#1565c0',
};

/** A run of words: our own, something from outside (`code`) that must stay a quotation wherever it is shown, or a moment. */
export type Span = { readonly text: string } | { readonly code: string } | { readonly atMs: number };

/** An alert in words, for any channel to lay out. */
export interface Wording {
  /** Complete by itself: it is all that a locked phone shows. */
  readonly headline: string;
  /** What it means for visitors, and what follows. */
  readonly summary: string;
  readonly facts: readonly Fact[];
  readonly tone: Tone;
  /** The section of docs/alerts.md. */
  readonly anchor: Anchor;
}

/** What is told of a message beside its wording. */
export interface About {
  readonly atMs: number;
  readonly incident: string;
}
