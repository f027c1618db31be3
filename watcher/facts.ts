import type { Pool } from '../settings/pool.ts';
import type { Span } from './wording.ts';

const maxWords = 300;

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

export function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** What an operator's command says, on one line and bounded. */
export function oneLine(words: string, maxChars = maxWords): string {
  const line = words
    .toWellFormed()
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  return line.length <= maxChars ? line : `${line.slice(0, maxChars - 1).toWellFormed()}…`;
}

/** As the end of a sentence. */
export function sentence(words: string): string {
  const line = capital(oneLine(words));
  return /[.!?…]$/.test(line) ? line : `${line}.`;
}

/** A headline is to be read on a locked phone. */
export const maxReleaseChars = 60;

/** A release's name in a sentence. */
export function short(release: string): string {
  return oneLine(release, maxReleaseChars);
}

/** Who did it, where that is known. */
export function by(actor: string | undefined): Fact[] {
  return fact('By', actor);
}
