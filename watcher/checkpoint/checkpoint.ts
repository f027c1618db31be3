import type { Logger } from 'pino';
import { z } from 'zod';
import type { TailOptions } from '../log/tail.ts';
import type { Policy, WatchSnapshot } from '../rules/state.ts';
import type { CheckpointFile } from './checkpoint-file.ts';
import type { MissedSnapshot } from './missed.ts';
import { restoreState } from './restore.ts';
import type { Checkpoint, Progress } from './shape.ts';

const count = z.int().min(0);
const time = z.number();
const fingerprint = z.object({ bytes: count, sha256: z.string() });
const position = z.object({
  dev: z.string(),
  ino: z.string(),
  offset: count,
  head: fingerprint,
  mark: fingerprint,
});
const alert = z.looseObject({ kind: z.string(), incident: z.string(), atMs: time });
const schema = z.object({
  progress: z.object({
    savedMs: time,
    standing: z.union([position, z.enum(['start', 'end'])]),
    watch: z.object({
      state: z.looseObject({}),
      lines: count,
      rejects: z.record(z.string(), count),
      heldBack: count,
      previews: count,
      lastEndMs: time,
      lastTickMs: time,
    }),
    missed: z.object({ sinceMs: time, alerts: z.array(alert), left: count }).nullable(),
  }),
  outboxes: z.record(
    z.string(),
    z.looseObject({
      entries: z.array(z.looseObject({ alert, end: alert.optional(), queuedAtMs: time })),
      droppedUntold: count,
    }),
  ),
});

/** Throws if a watch cannot continue from the snapshot. */
export type Validate = (saved: WatchSnapshot) => void;

/** Returns the checkpoint in `body`; undefined if this version cannot continue from it. */
export function readCheckpoint(body: unknown, policy: Policy, validate: Validate): Checkpoint | undefined {
  const { data } = schema.safeParse(body);
  if (data === undefined) return undefined;
  const { progress, outboxes } = data;
  try {
    const state = restoreState(progress.watch.state, policy);
    const watch = { ...progress.watch, state };
    validate(watch);
    const missed = progress.missed as MissedSnapshot | null;
    return { progress: { ...progress, watch, missed }, outboxes: outboxes as unknown as Checkpoint['outboxes'] };
  } catch {
    return undefined;
  }
}

/** The checkpoint of an earlier watcher; undefined if there is none, or, with a warning in the log, if it cannot be used. */
export function loadCheckpoint(
  file: CheckpointFile,
  policy: Policy,
  { log, validate }: { readonly log: Logger; readonly validate: Validate },
): Checkpoint | undefined {
  const { path } = file;
  const loaded = file.load();
  if (loaded.found === 'nothing') return undefined;
  const checkpoint = loaded.found === 'body' ? readCheckpoint(loaded.body, policy, validate) : undefined;
  if (checkpoint === undefined) {
    const reason = loaded.found === 'body' ? 'this version cannot continue from its content' : loaded.reason;
    if (loaded.found === 'body') file.setAside();
    log.warn({ path, reason }, 'cannot use the checkpoint: starting at the end of the access log');
    return undefined;
  }
  const { savedMs, watch } = checkpoint.progress;
  log.info({ path, saved: new Date(savedMs).toISOString(), lines: watch.lines }, 'continuing from the checkpoint');
  return checkpoint;
}

/** Where the tail continues: at the end of the log if there is no checkpoint. */
export function resumeAt(progress: Progress | undefined): TailOptions['from'] {
  if (progress === undefined) return 'end';
  const { standing, savedMs } = progress;
  return typeof standing === 'string' ? standing : { position: standing, atMs: savedMs };
}
