import type { Fault } from './engine.ts';

// What arguments can be. Apart from the commands, so that none need be loaded for --help or for another one.

/** What the demo app does to itself. */
const appModes = ['error', 'timeout', 'slow', 'reset', 'truncate', 'crash', 'disk', 'poison', 'block', 'oom'] as const;
/** What is done to any app from outside. */
const faults = ['shutdown', 'kill', 'freeze'] as const satisfies readonly Fault[];

export const chaosModes = [...appModes, ...faults, 'stop'] as const;
export type ChaosMode = (typeof chaosModes)[number];

/** In the order in which they are played. */
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
  'deploy',
  'switch',
  'rollback',
  'canary',
] as const;
export type ScenarioName = (typeof scenarioNames)[number];

export const suites = ['lint', 'types', 'shell', 'unit', 'faults', 'views', 'host', 'compose'] as const;
export type Suite = (typeof suites)[number];
