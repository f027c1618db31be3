import { CommandError } from './command-error.ts';

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

/** Milliseconds of a time such as 300ms, 30s, 5m or 2h; 0 needs no unit. Undefined: it is none. */
export function durationMs(text: string): number | undefined {
  if (text === '0') return 0;
  const [, number, unit] = /^(\d{1,6})(ms|s|m|h)$/.exec(text) ?? [];
  return unit === undefined ? undefined : Number(number) * unitMs[unit as keyof typeof unitMs];
}

/** @throws {CommandError} */
export function durationOption(name: string, text: string): number {
  const ms = durationMs(text);
  if (ms !== undefined) return ms;
  throw new CommandError(`${name}: expected a time such as 30s, 5m or 2h, got "${text}"`, { code: 'MISUSE' });
}
