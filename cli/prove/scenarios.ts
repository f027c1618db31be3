import { activePoolScenarios } from './active-pool.ts';
import { edgeScenarios } from './edge.ts';
import { plannedScenarios } from './planned.ts';
import { otherScenarios } from './rest.ts';
import type { Scenario } from './scenario.ts';
import { strangerScenarios } from './strangers.ts';

/** All scenarios, in the order in which they run. */
export const scenarios: readonly Scenario[] = [
  ...activePoolScenarios,
  ...otherScenarios,
  ...strangerScenarios,
  ...plannedScenarios,
  ...edgeScenarios,
];
