import type { Fault } from './engine/engine.ts';
import { CommandError } from './terminal/command-error.ts';

// Argument values. They are kept apart from the commands, so that --help loads none of them.

/** Faults that the demo app simulates. */
const appModes = ['error', 'timeout', 'slow', 'reset', 'truncate', 'crash', 'disk', 'block', 'oom'] as const;
/** Faults that are injected into any app from outside. */
const faults = ['shutdown', 'kill', 'freeze'] as const satisfies readonly Fault[];

export const chaosModes = [...appModes, ...faults, 'stop'] as const;
export type ChaosMode = (typeof chaosModes)[number];

/** In the order in which they run. */
export const scenarioNames = [
  'shutdown',
  'kill',
  'freeze',
  'error',
  'timeout',
  'slow',
  'reset',
  'truncate',
  'network',
  'oom',
  'disk',
  'block',
  'reload',
  'companions',
  'both-dead',
  'standby-dead',
  'log-full',
  'control-read-only',
  'poison',
  'stranger',
  'deploy',
  'switch',
  'rollback',
  'canary',
  'edge-settings',
  'edge-upgrade',
  'kit-upgrade',
] as const;
export type ScenarioName = (typeof scenarioNames)[number];

export const suites = ['lint', 'types', 'shell', 'unit', 'faults', 'views', 'host', 'compose'] as const;
export type Suite = (typeof suites)[number];

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

/** Milliseconds of a time such as 300ms, 30s, 5m or 2h; 0 needs no unit. Undefined if it is invalid. */
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

/** @throws {CommandError} if the text is not a whole number of at least `least` */
export function wholeNumber(name: string, text: string, least = 0): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= least) return number;
  throw new CommandError(`${name}: expected a whole number of at least ${least}, got "${text}"`, { code: 'MISUSE' });
}
