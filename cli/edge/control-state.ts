import { z } from 'zod';
import { type Muted, muted } from '../../journal/muted.ts';
import { type JournalRecord, readJournal } from '../../journal/record.ts';
import type { Pool } from '../../settings/pool.ts';
import type { Engine } from '../engine/engine.ts';
import { CommandError } from '../terminal/command-error.ts';

/** The edge's own status; see the status location in nginx.conf.template. */
export interface EdgeStatus {
  readonly active: Pool;
  /** The pool that is tried first. */
  readonly serving: Pool;
  readonly down: Readonly<Record<Pool, boolean>>;
  /** A living prober judges the pools; otherwise, the edge relies on passive checks. */
  readonly guarded: boolean;
  readonly maintenance: boolean;
  readonly nginx: string;
}

/** Everything in the control directory; see "inspect" in edge-control.sh. */
export interface ControlState {
  readonly edge: EdgeStatus;
  /** The share of visitors that is sent to the standby; 0 without a canary. */
  readonly canaryPercent: number;
  /** Set while alerts are muted. */
  readonly muted: Muted | undefined;
  /** The latest records of the journal, oldest first. */
  readonly journal: readonly JournalRecord[];
}

const edgeAnswer = z.object({
  active: z.enum(['blue', 'green']),
  group: z.string(),
  blue_down: z.boolean(),
  green_down: z.boolean(),
  // An edge of an older version does not say it.
  prober: z.boolean().default(true),
  maintenance: z.boolean(),
  nginx: z.string(),
});

const inspected = z.object({
  edge: edgeAnswer,
  canaryPercent: z.number(),
  muted: muted.nullable().catch(null),
});

/** @throws {CommandError} if the edge does not answer */
export async function edgeStatus(engine: Engine): Promise<EdgeStatus> {
  return statusOf(parsed(edgeAnswer, await engine.edge('status')));
}

/** @throws {CommandError} if the edge does not answer */
export async function controlState(engine: Engine): Promise<ControlState> {
  const [first = '', ...lines] = (await engine.edge('inspect')).split('\n');
  const state = parsed(inspected, first);
  return {
    edge: statusOf(state.edge),
    canaryPercent: state.canaryPercent,
    muted: state.muted !== null && state.muted.untilMs > Date.now() ? state.muted : undefined,
    journal: readJournal(lines.join('\n')).records,
  };
}

function statusOf(answer: z.output<typeof edgeAnswer>): EdgeStatus {
  return {
    active: answer.active,
    serving: answer.group.startsWith('blue') ? 'blue' : 'green',
    down: { blue: answer.blue_down, green: answer.green_down },
    guarded: answer.prober,
    maintenance: answer.maintenance,
    nginx: answer.nginx,
  };
}

function parsed<S extends z.ZodType>(schema: S, text: string): z.output<S> {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    const next = 'the command line is newer than the running edge: ./bluegreen up';
    throw new CommandError('unexpected answer from the edge', { cause, next });
  }
}
