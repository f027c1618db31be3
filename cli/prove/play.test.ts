import { expect, it } from 'vitest';
import { readStack } from '../stack/stack.ts';
import { lastsMs } from './play.ts';
import type { Scenario, Stage } from './scenario.ts';

const scenario = {} as Scenario;
const stage = (faultMs: number) => ({ stack: readStack(undefined), faultMs }) as Stage;

it('a fault lasts as long as configured, but at least a second longer than its detection takes', () => {
  expect(lastsMs(scenario, stage(12_000))).toBe(12_000);
  expect(lastsMs(scenario, stage(1_000))).toBe(2_000);
  expect(lastsMs({ ...scenario, leastMs: () => 8_000 }, stage(1_000))).toBe(8_000);
});
