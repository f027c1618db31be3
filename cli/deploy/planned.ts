import { existsSync, readFileSync } from 'node:fs';
import { parse } from 'dotenv';
import type { Pool } from '../../settings/pool.ts';
import { changeEnvFile } from '../stack/env-file.ts';
import { envPath, readStack, type Stack } from '../stack/stack.ts';
import { variablesOf } from './preflight.ts';

/** What a pool is to run, written down in the env file: a plain `docker compose up` or a reboot brings up the same. */
export interface Planned {
  /** The stack as the env file has it now. */
  readonly next: Stack;
  /** The image that it ran before, if it was written down. */
  readonly imageBefore: string | undefined;
  /** Writes down again what was there before. */
  undo(): void;
}

/** @param image undefined: what the other colour runs */
export function planned(stack: Stack, pool: Pool, release: string, image: string | undefined): Planned {
  const path = envPath(stack);
  const [releaseName, imageName] = variablesOf(pool);
  const before = existsSync(path) ? parse(readFileSync(path)) : {};
  const otherImage = pool === 'blue' ? stack.settings.GREEN_IMAGE : stack.settings.BLUE_IMAGE;
  changeEnvFile(path, { [releaseName]: release, [imageName]: image ?? otherImage });
  return {
    next: readStack(stack.envFile),
    imageBefore: before[imageName],
    undo: () => changeEnvFile(path, { [releaseName]: before[releaseName], [imageName]: before[imageName] }),
  };
}
