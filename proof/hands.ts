import { createInterface } from 'node:readline';
import type { Pool } from '../settings/pool.ts';

/** What only the outside can do to a pool's process. */
export type HandAction = 'shutdown' | 'kill' | 'freeze' | 'heal';

/** Asks whoever started the proof to act on a process: it may run in a container that must not command others. */
export interface Hands {
  /** @throws when it could not be done */
  do(action: HandAction, pool: Pool): Promise<void>;
}

/** One request a line on the output, "@hands ACTION POOL"; one answer a line on the input, "done" or what went wrong. */
export function handsOverStdio(): Hands {
  const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  return {
    async do(action, pool) {
      process.stdout.write(`@hands ${action} ${pool}\n`);
      const answer = await answers.next();
      if (answer.done || answer.value !== 'done') {
        throw new Error(`${action} ${pool}: ${answer.done ? 'nobody is there to do it' : answer.value}`);
      }
    },
  };
}
