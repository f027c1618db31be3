import type { Pool } from '../settings/pool.ts';
import type { Engine } from './engine.ts';

/** What the edge says of itself; see the status location in nginx.conf.template. */
export interface EdgeStatus {
  readonly active: Pool;
  /** The pool that is tried first. */
  readonly serving: Pool;
  readonly down: Readonly<Record<Pool, boolean>>;
  readonly maintenance: boolean;
  readonly nginx: string;
}

interface Answer {
  readonly active: Pool;
  readonly group: 'blue_first' | 'blue_alone' | 'green_first' | 'green_alone';
  readonly blue_down: boolean;
  readonly green_down: boolean;
  readonly maintenance: boolean;
  readonly nginx: string;
}

/** @throws {CommandError} when the edge does not answer */
export async function edgeStatus(engine: Engine): Promise<EdgeStatus> {
  const answer = JSON.parse(await engine.edge('status')) as Answer;
  return {
    active: answer.active,
    serving: answer.group.startsWith('blue') ? 'blue' : 'green',
    down: { blue: answer.blue_down, green: answer.green_down },
    maintenance: answer.maintenance,
    nginx: answer.nginx,
  };
}
