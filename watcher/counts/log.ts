import { type Exposition, single } from '../../metrics/exposition.ts';
import type { Checkpointer } from '../checkpoint/checkpointer.ts';
import type { Tail } from '../log/tail.ts';
import type { WatchView } from '../rules/health.ts';

/** Metrics of reading the access log. */
export function exposeLog(exposition: Exposition, watch: WatchView, tail: Tail): void {
  // A watch keeps its counts across a restart. A metric starts at 0, or lines would count for both processes.
  const before = watch.snapshot();
  const [linesBefore, previewsBefore, rejectsBefore] = [before.lines, before.previews, { ...before.rejects }];

  exposition.counter({ name: 'bluegreen_log_lines_total', help: 'Lines read from the access log.' }, () =>
    single(watch.lines - linesBefore),
  );
  exposition.counter({ name: 'bluegreen_log_bytes_total', help: 'Bytes read from the access log.' }, () =>
    single(tail.bytes),
  );
  exposition.counter(
    {
      name: 'bluegreen_log_rejects_total',
      help: 'Lines that were not counted as a request, by reason.',
      labels: ['reason'],
    },
    () =>
      Object.entries(watch.snapshot().rejects).map(([reason, count]) => [
        [reason],
        count - (rejectsBefore[reason] ?? 0),
      ]),
  );
  exposition.counter(
    { name: 'bluegreen_preview_requests_total', help: 'Requests of previews, which count nowhere else.' },
    () => single(watch.snapshot().previews - previewsBefore),
  );
  exposition.counter({ name: 'bluegreen_log_rotations_total', help: 'Rotations of the access log.' }, () =>
    single(tail.rotations),
  );
  exposition.counter({ name: 'bluegreen_log_truncations_total', help: 'Truncations of the access log.' }, () =>
    single(tail.truncations),
  );
  exposition.counter(
    { name: 'bluegreen_log_gaps_total', help: 'Times when lines may have been lost before they were read.' },
    () => single(tail.gaps),
  );
  exposition.gauge(
    { name: 'bluegreen_log_lag_bytes', help: 'Bytes of the access log that have not been read yet.' },
    () => single(tail.lagBytes()),
  );
  exposition.gauge(
    {
      name: 'bluegreen_log_lag_seconds',
      help: 'How far the watcher is behind: the age of the last line read, while there are more.',
    },
    () => single(lagSeconds(watch, tail)),
  );
  exposition.gauge({ name: 'bluegreen_log_readable', help: '0 if the access log cannot be read.' }, () =>
    single(tail.state === 'failing' ? 0 : 1),
  );
  exposition.gauge(
    { name: 'bluegreen_log_last_line_timestamp_seconds', help: 'When the last request that was read ended.' },
    () => (watch.lastEndMs === 0 ? [] : single(watch.lastEndMs / 1_000)),
  );
}

export function exposeCheckpoint(exposition: Exposition, checkpointer: Checkpointer): void {
  exposition.counter({ name: 'bluegreen_checkpoint_writes_total', help: 'Checkpoints written.' }, () =>
    single(checkpointer.writes),
  );
  exposition.counter(
    { name: 'bluegreen_checkpoint_errors_total', help: 'Checkpoints that could not be written.' },
    () => single(checkpointer.errors),
  );
  exposition.gauge(
    { name: 'bluegreen_checkpoint_last_success_timestamp_seconds', help: 'When the last checkpoint was written.' },
    () => (checkpointer.lastWrittenMs === 0 ? [] : single(checkpointer.lastWrittenMs / 1_000)),
  );
}

function lagSeconds(watch: WatchView, tail: Tail): number {
  if (watch.lastEndMs === 0 || tail.lagBytes() === 0) return 0;
  return Math.max(0, (Date.now() - watch.lastEndMs) / 1_000);
}
