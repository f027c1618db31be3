import { z } from 'zod';

const pool = z.enum(['blue', 'green']);
const name = z.string().min(1).max(200);
/** Docker takes 255 characters of name, 128 of tag, and a digest. */
const image = z.string().min(1).max(500);
const words = z.string().max(1_000);
/** A time or a span; nothing later is a date in JavaScript. */
const ms = z.number().nonnegative().max(8.64e15);

const base = {
  id: z.string().regex(/^[A-Za-z0-9-]{1,64}$/),
  atMs: ms,
  /** Who did it: BLUEGREEN_ACTOR, else the user's name. */
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

/** A release is about to go onto the idle colour. */
const deployStarted = z.object({
  ...base,
  kind: z.literal('deploy-started'),
  ...deploy,
  image: image.optional(),
  /** What the idle colour runs now. */
  replaces: name.optional(),
  /** What the active colour runs, which goes on serving. */
  activeRelease: name.optional(),
  /** Until then the standby may be down without being missed. */
  untilMs: ms,
});

const deployFailed = z.object({
  ...base,
  kind: z.literal('deploy-failed'),
  ...deploy,
  /** In a word or two: "health", "smoke", "pre-switch hook", "bake". */
  step: name,
  why: words,
  /** The release that is back on the idle colour. */
  restored: name.optional(),
  /** A switch back to the other colour was recorded before. */
  rolledBack: z.boolean(),
  /** Visitors were sent to it. */
  wasUsed: z.boolean(),
  /** It is still live: why the other colour is no way back. */
  noWayBack: words.optional(),
  tookMs: ms,
});

const deployFinished = z.object({
  ...base,
  kind: z.literal('deploy-finished'),
  ...deploy,
  /** False: it waits on the idle colour. */
  switched: z.boolean(),
  tookMs: ms,
  /** What was counted while it was watched; missing: it was not watched to the end. */
  bake: bake.optional(),
});

/** Written just before the active colour changes. */
const switched = z.object({
  ...base,
  kind: z.literal('switch'),
  from: pool,
  to: pool,
  /** What `to` and `from` run. */
  release: name.optional(),
  replaced: name.optional(),
  /** `bake`: a deploy rolls itself back. */
  reason: z.enum(['switch', 'deploy', 'rollback', 'bake']),
  deploy: z.string().optional(),
  why: words.optional(),
  /** What was counted of the release that is rolled back. */
  bake: bake.optional(),
});

const canary = z.object({
  ...base,
  kind: z.literal('canary'),
  /** The deploy that it is a part of. */
  deploy: deploy.deploy.optional(),
  /** 0: off. */
  percent: z.number().int().min(0).max(99),
  pool,
  release: name.optional(),
  why: words.optional(),
  /** It is off because the release failed a gate. */
  didBadly: z.boolean().optional(),
});

const maintenance = z.object({ ...base, kind: z.literal('maintenance'), on: z.boolean() });

const mute = z.object({ ...base, kind: z.literal('mute'), untilMs: ms });
const unmute = z.object({ ...base, kind: z.literal('unmute') });

/** Somebody wants to see an alert arrive. */
const alertTest = z.object({
  ...base,
  kind: z.literal('alert-test'),
  /** The same on its message. */
  test: z.string().regex(/^[A-Za-z0-9-]{1,64}$/),
});

/**
 * One line of `journal.jsonl` in the control directory: what an operator does, written before its effect. The command line
 * writes it and shows it as history; the watcher tells it to the channel.
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

/** The records of a journal, oldest first; what cannot be understood is left out and counted. */
export function readJournal(text: string): { readonly records: readonly JournalRecord[]; readonly rejected: number } {
  const lines = text.split('\n').filter((line) => line !== '');
  const records = lines.flatMap((line) => {
    const result = record.safeParse(parsed(line));
    return result.success ? [result.data] : [];
  });
  return { records, rejected: lines.length - records.length };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
