import { describe, expect, it } from 'vitest';
import { formerSettings } from '../../settings/former.ts';
import { settingNames } from '../../settings/variables.ts';
import { formerSettingsIn } from './former-settings.ts';

describe('a setting that is gone', () => {
  const former = { COLOUR: 'write POOL=blue' };
  const sentence = 'COLOUR is no longer a setting and has no effect: write POOL=blue';

  it('is named with what to write instead', () => {
    expect(formerSettingsIn({ env: { COLOUR: 'red', POOL: 'blue' }, shell: {} }, former)).toEqual([sentence]);
  });

  it('is named even without a value', () => {
    expect(formerSettingsIn({ env: { COLOUR: '' }, shell: {} }, former)).toEqual([sentence]);
  });

  it('is not named if only the shell has a variable of that name', () => {
    expect(formerSettingsIn({ env: { COLOUR: 'red' }, shell: { COLOUR: 'red' } }, former)).toEqual([]);
  });

  it('has not come back', () => {
    expect(Object.keys(formerSettings).filter((name) => (settingNames as readonly string[]).includes(name))).toEqual(
      [],
    );
  });
});
