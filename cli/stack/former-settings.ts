import { formerSettings } from '../../settings/former.ts';
import type { Stack } from './stack.ts';

/** A sentence for each setting in the env file that is gone, with what to write instead. */
export function formerSettingsIn({ env, shell }: Pick<Stack, 'env' | 'shell'>, former = formerSettings): string[] {
  // A variable of the shell may be there for something else.
  const isInFile = (name: string) => env[name] !== undefined && shell[name] === undefined;
  return Object.entries(former)
    .filter(([name]) => isInFile(name))
    .map(([name, instead]) => `${name} is no longer a setting and has no effect: ${instead}`);
}
