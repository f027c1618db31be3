import type { Fact } from './wording.ts';

const maxWords = 300;

/** A detail that comes from outside, where there is one. */
export function fact(label: string, value: string | undefined): Fact[] {
  return value === undefined || value === '' ? [] : [{ label, spans: [{ code: value }] }];
}

/** A detail in our own words. */
export function note(label: string, text: string): Fact {
  return { label, spans: [{ text }] };
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
