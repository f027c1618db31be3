import { createInterface } from 'node:readline';
import type { Pool } from '../settings/pool.ts';

/** An action on a pool's process from outside. */
export type HandAction = 'shutdown' | 'kill' | 'freeze' | 'repair';

/** Makes the parent process act on a pool's process: the proof may run in a container that must not control others. */
export interface Hands {
  /** @throws if the action failed */
  do(action: HandAction, pool: Pool): Promise<void>;
}

/** Writes one request a line to stdout, "@hands ACTION POOL", and reads one answer a line from stdin, "done" or an error. */
export function handsOverStdio(): Hands {
  const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  return {
    async do(action, pool) {
      process.stdout.write(`@hands ${action} ${pool}\n`);
      const answer = await answers.next();
      if (answer.done || answer.value !== 'done') {
        throw new Error(`${action} ${pool}: ${answer.done ? 'the parent process is gone' : answer.value}`);
      }
    },
  };
}
