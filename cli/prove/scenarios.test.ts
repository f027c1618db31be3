import { expect, it } from 'vitest';
import { scenarioNames } from '../arguments.ts';
import { scenarios } from './scenarios.ts';

it('the scenarios are those that the command line accepts, in the same order', () => {
  expect(scenarios.map(({ name }) => name)).toEqual(scenarioNames);
});
