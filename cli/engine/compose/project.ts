import type { Stack } from '../../stack/stack.ts';

/** The stack's project name: COMPOSE_PROJECT_NAME, or else `name:` in the Compose file. */
export function projectOf({ env, settings }: Stack): string {
  return env.COMPOSE_PROJECT_NAME || `${settings.STACK_PREFIX ?? ''}bluegreen`;
}
