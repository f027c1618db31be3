import { expect, it } from 'vitest';
import { readStack } from '../stack/stack.ts';
import { lastsMs, mixOf } from './play.ts';
import type { Scenario, Stage } from './scenario.ts';

const scenario = {} as Scenario;
const stage = (faultMs: number) => ({ stack: readStack(undefined), faultMs }) as Stage;

it('a fault lasts as long as configured, but at least a second longer than its detection takes', () => {
  expect(lastsMs(scenario, stage(12_000))).toBe(12_000);
  expect(lastsMs(scenario, stage(1_000))).toBe(2_000);
  expect(lastsMs({ ...scenario, leastMs: () => 8_000 }, stage(1_000))).toBe(8_000);
});

it('an app that is not the demo app is asked what its health check asks', () => {
  const stack = readStack(undefined);
  const settings = { ...stack.settings, HEALTH_PATH: '/up', HEALTH_HOST: 'shop.example', HEALTH_STATUS: ['204'] };
  expect(mixOf({ isDemo: true, stack })).toEqual({ app: 'demo' });
  expect(mixOf({ isDemo: false, stack: { ...stack, settings } })).toEqual({
    app: 'any',
    question: {
      check: 'http',
      path: '/up',
      headers: { host: 'shop.example', 'x-forwarded-proto': 'http' },
      statuses: ['204'],
    },
  });
});
