import { activePoolScenarios } from './active-pool.ts';
import { plannedScenarios } from './planned.ts';
import { otherScenarios } from './rest.ts';
import type { Scenario } from './scenario.ts';

/** In the order in which they are played. */
export const scenarios: readonly Scenario[] = [...activePoolScenarios, ...otherScenarios, ...plannedScenarios];
