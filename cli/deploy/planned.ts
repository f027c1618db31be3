import { existsSync, readFileSync } from 'node:fs';
import { parse } from 'dotenv';
import type { Pool } from '../../settings/pool.ts';
import { changeEnvFile } from '../stack/env-file.ts';
import { envPath, readStack, type Stack } from '../stack/stack.ts';
import { variablesOf } from './preflight.ts';

/** The release of a pool, written to the env file, so that a plain `docker compose up` or a reboot starts the same release. */
export interface Planned {
  /** The stack with the settings that are now in the env file. */
  readonly next: Stack;
  /** The pool's image in the env file before, if any. */
  readonly imageBefore: string | undefined;
  /** Restores the previous values in the env file. */
  undo(): void;
}

/**
 * Writes the release and image of a pool to the env file.
 * @param image undefined for the image of the other pool
 */
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
