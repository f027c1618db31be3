import type { Health } from '../report/health.ts';
import type { CatchUp } from './checkpoint/catch-up.ts';
import type { Checkpointer } from './checkpoint/checkpointer.ts';
import type { Outbox } from './delivery/outbox.ts';
import type { Tail } from './log/tail.ts';
import type { Watch } from './watch.ts';

/** The parts of the watcher that the health report covers. */
export interface HealthParts {
  readonly version: string;
  readonly watch: Watch;
  readonly tail: Tail;
  readonly catchUp: CatchUp;
  readonly checkpointer: Checkpointer;
  readonly channels: readonly Outbox[];
}

export function healthReport({ version, watch, tail, catchUp, checkpointer, channels }: HealthParts): Health {
  const { log: lines, ...rest } = watch.health();
  const { state, fault = null, rotations, truncations, gaps, position } = tail;
  const file = position === undefined ? null : { dev: position.dev, ino: position.ino };
  const checkpoint = checkpointer.health;
  const closed = channels.some((channel) => channel.health.state === 'closed');
  const slack = channels.find(({ name }) => name === 'slack');
  return {
    status: state === 'failing' || checkpoint.state === 'failing' || closed ? 'degraded' : 'ok',
    version,
    log: {
      state,
      fault,
      lagBytes: tail.lagBytes(),
      catchingUp: !catchUp.isDone,
      rotations,
      truncations,
      gaps,
      file,
      ...lines,
    },
    checkpoint,
    ...rest,
    slack: slack === undefined ? { configured: false } : { configured: true, ...slack.health },
    channels: channels.map((channel) => ({ name: channel.name, ...channel.health })),
  };
}
