import { z } from 'zod';

const pool = z.enum(['blue', 'green']);
const name = z.string().min(1).max(200);
/** Docker allows 255 characters of name, 128 of tag, and a digest. */
const image = z.string().min(1).max(500);
const words = z.string().max(1_000);
/** A time in epoch milliseconds, or a duration or count; at most JavaScript's latest date. */
const ms = z.number().nonnegative().max(8.64e15);

const base = {
  id: z.string().regex(/^[A-Za-z0-9-]{1,64}$/),
  atMs: ms,
  /** The operator: BLUEGREEN_ACTOR if set, otherwise the user's name. */
  actor: name,
};

/** One deploy, from its first record to its last. */
const deploy = {
  /** The same in all records of one deploy. */
  deploy: z.string().regex(/^[A-Za-z0-9-]{1,64}$/),
  pool,
  release: name,
};

const bake = z.object({ lastedMs: ms, requests: ms, failed: ms });

/** A deploy is about to put a release on the standby. */
const deployStarted = z.object({
  ...base,
  kind: z.literal('deploy-started'),
  ...deploy,
  image: image.optional(),
  /** The release that the standby runs now. */
  replaces: name.optional(),
  /** The release of the active pool, which keeps serving. */
  activeRelease: name.optional(),
  /** Until this time, no alert is sent if the standby is down. */
  untilMs: ms,
});

const deployFailed = z.object({
  ...base,
  kind: z.literal('deploy-failed'),
  ...deploy,
  /** The step that failed, such as "health", "smoke", "pre-switch hook" or "bake". */
  step: name,
  why: words,
  /** The release that was restored on the standby. */
  restored: name.optional(),
  /** A switch back to the other pool has been recorded. */
  rolledBack: z.boolean(),
  /** Visitors were sent to the release. */
  wasUsed: z.boolean(),
  /** Why the deploy could not switch back; set only if the release is still active. */
  noWayBack: words.optional(),
  tookMs: ms,
});

const deployFinished = z.object({
  ...base,
  kind: z.literal('deploy-finished'),
  ...deploy,
  /** False if the release waits on the standby. */
  switched: z.boolean(),
  tookMs: ms,
  /** The bake's counts; missing if the bake was not completed. */
  bake: bake.optional(),
});

/** Written right before another pool becomes active. */
const switched = z.object({
  ...base,
  kind: z.literal('switch'),
  from: pool,
  to: pool,
  /** The releases of `to` and `from`. */
  release: name.optional(),
  replaced: name.optional(),
  /** `bake`: a deploy rolls back automatically. */
  reason: z.enum(['switch', 'deploy', 'rollback', 'bake']),
  deploy: z.string().optional(),
  why: words.optional(),
  /** The bake's counts for the release that is rolled back. */
  bake: bake.optional(),
});

const canary = z.object({
  ...base,
  kind: z.literal('canary'),
  /** The deploy that the canary belongs to. */
  deploy: deploy.deploy.optional(),
  /** 0 ends the canary. */
  percent: z.number().int().min(0).max(99),
  pool,
  release: name.optional(),
  why: words.optional(),
  /** The canary ended because the release failed a gate. */
  didBadly: z.boolean().optional(),
});

const maintenance = z.object({ ...base, kind: z.literal('maintenance'), on: z.boolean() });

const mute = z.object({ ...base, kind: z.literal('mute'), untilMs: ms });
const unmute = z.object({ ...base, kind: z.literal('unmute') });

/** An operator sends a test alert to the channels. */
const alertTest = z.object({
  ...base,
  kind: z.literal('alert-test'),
  /** The incident of the test alert. */
  test: z.string().regex(/^[A-Za-z0-9-]{1,64}$/),
});

/**
 * One line of `journal.jsonl` in the control directory: an operation, recorded before it takes effect. The command line
 * writes records and shows them as history; the watcher sends alerts about them.
 */
export const record = z.discriminatedUnion('kind', [
  deployStarted,
  deployFailed,
  deployFinished,
  switched,
  canary,
  maintenance,
  mute,
  unmute,
  alertTest,
]);

export type JournalRecord = z.output<typeof record>;
export type RecordOf<K extends JournalRecord['kind']> = Extract<JournalRecord, { kind: K }>;
export type SwitchRecord = RecordOf<'switch'>;

/** Reads the records of a journal, oldest first. Lines that are not records are skipped and counted. */
export function readJournal(text: string): { readonly records: readonly JournalRecord[]; readonly rejected: number } {
  const lines = text.split('\n').filter((line) => line !== '');
  const records = lines.map(recordOf).filter((one) => one !== undefined);
  return { records, rejected: lines.length - records.length };
}

/** The record on a line; undefined if the line is not one. */
export function recordOf(line: string): JournalRecord | undefined {
  try {
    return record.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
