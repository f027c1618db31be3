import { CommandError } from './command-error.ts';

/** @throws {CommandError} if the text is no whole number, or a smaller one */
export function wholeNumber(name: string, text: string, least = 0): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= least) return number;
  throw new CommandError(`${name}: expected a whole number from ${least} on, got "${text}"`, { code: 'MISUSE' });
}
