const maxLineChars = 300;

export function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** Puts a text on one line and cuts it to `maxChars`. */
export function oneLine(words: string, maxChars = maxLineChars): string {
  const line = words
    .toWellFormed()
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  return line.length <= maxChars ? line : `${line.slice(0, maxChars - 1).toWellFormed()}…`;
}

/** Makes a sentence: one line, a capital letter, a full stop. */
export function sentence(words: string): string {
  const line = capital(oneLine(words));
  return /[.!?…]$/.test(line) ? line : `${line}.`;
}

/** A headline must fit on a locked phone. */
export const maxReleaseChars = 60;

/** The name of a release, short enough for a sentence. */
export function short(release: string): string {
  return oneLine(release, maxReleaseChars);
}
