import { describe, it } from 'vitest';
import { readersOf, variableNames } from '../../settings/variables.ts';
import { expectNone, isSetting } from './advice.ts';

describe('every variable', () => {
  it('has a reader', () => {
    expectNone(
      variableNames.filter((name) => readersOf(name).length === 0),
      (name) => `${name}: name who reads it, in "for" in settings/variables.ts`,
    );
  });

  it('that is internal is not for the command line or Compose', () => {
    const internal = variableNames.filter((name) => !isSetting(name));
    expectNone(
      internal.filter((name) => readersOf(name).some((reader) => reader === 'cli' || reader === 'compose')),
      (name) => `${name}: an internal variable is never read from .env; take "cli" and "compose" out of its "for"`,
    );
  });
});
