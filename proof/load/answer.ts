import type { IncomingHttpHeaders } from 'node:http';
import type { Task } from './mix.ts';
import type { Failure, Sample } from './sample.ts';

export type Answer = Omit<Sample, 'kind' | 'loop' | 'dueAt'>;

/** A request that can be aborted. */
export interface Exchange {
  readonly answer: Promise<Answer>;
  abort(): void;
}

/** What the head of a response says. */
export function headOf(status = 0, headers: IncomingHttpHeaders): Pick<Sample, 'status' | 'pool' | 'release'> {
  const pool = headers['x-app-pool'];
  const release = headers['x-release-id'];
  return {
    status,
    ...(pool === 'blue' || pool === 'green' ? { pool } : {}),
    ...(typeof release === 'string' ? { release } : {}),
  };
}

/** What is wrong with a response that is complete; undefined if nothing is. */
export function faultOf(status: number, headers: IncomingHttpHeaders, body: string, task: Task): Failure | undefined {
  if (!task.passes(status)) return `status ${status}`;
  const pool = headers['x-app-pool'];
  if (pool !== 'blue' && pool !== 'green' && (task.saysPool || pool !== undefined)) return 'wrong pool header';
  return task.isRight(body, typeof pool === 'string' ? pool : undefined) ? undefined : 'wrong body';
}
