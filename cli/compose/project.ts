import type { Stack } from '../stack.ts';

/** What Compose calls the stack; the file's `name:` counts where nobody has set another. */
export function projectOf({ env, settings }: Stack): string {
  return env.COMPOSE_PROJECT_NAME || `${settings.STACK_PREFIX ?? ''}bluegreen`;
}
