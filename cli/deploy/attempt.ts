import { warning } from '../terminal.ts';

/** Does one of several things that end a deploy: where it fails that is told, and the others are done all the same. */
export async function attempt(fault: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    warning(`${fault}: ${messageOf(error)}`);
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
