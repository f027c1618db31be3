const maxWords = 300;

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
