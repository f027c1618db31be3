import { expect, it } from 'vitest';
import { scenarioNames } from '../arguments.ts';
import { scenarios } from './scenarios.ts';

it('are all that the command line takes, in that order', () => {
  expect(scenarios.map(({ name }) => name)).toEqual(scenarioNames);
});
