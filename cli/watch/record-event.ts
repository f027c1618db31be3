import type { JournalRecord, RecordOf } from '../../journal/record.ts';
import { countedText, duration } from '../../report/figures.ts';
import { localTime, type WatchEvent } from './event.ts';

type Words = Omit<WatchEvent, 'atMs'>;

/** A record of the journal as an event. */
export function recordEvent(record: JournalRecord): WatchEvent {
  return { atMs: record.atMs, ...wordsFor(record) };
}

function wordsFor(record: JournalRecord): Words {
  const { actor } = record;
  switch (record.kind) {
    case 'deploy-started':
      return { tone: 'neutral', what: 'deploy', text: `${record.release} → ${record.pool} started by ${actor}` };
    case 'deploy-failed':
      return failedWords(record);
    case 'deploy-finished':
      return finishedWords(record);
    case 'switch':
      return switchWords(record);
    case 'canary': {
      const because = record.why === undefined ? '' : `: ${record.why}`;
      const text =
        record.percent === 0 ? `off${because}` : `${record.percent}% of the visitors → ${record.pool} by ${actor}`;
      return { tone: record.didBadly ? 'warning' : 'neutral', what: 'canary', text };
    }
    case 'maintenance':
      return { tone: 'neutral', what: 'maintenance', text: `${record.on ? 'on' : 'off'} by ${actor}` };
    case 'mute':
      return { tone: 'neutral', what: 'mute', text: `alerts are muted until ${localTime(record.untilMs)} by ${actor}` };
    case 'unmute':
      return { tone: 'neutral', what: 'mute', text: `unmuted by ${actor}` };
    case 'alert-test':
      return { tone: 'neutral', what: 'alerts', text: `test alert by ${actor}` };
    default:
      return record satisfies never;
  }
}

function failedWords({ release, step, why, pool, noWayBack }: RecordOf<'deploy-failed'>): Words {
  const text = `${release} failed at ${step}: ${why}`;
  if (noWayBack === undefined) return { tone: 'warning', what: 'deploy', text };
  return { tone: 'bad', what: 'deploy', text: `${text}; still active on ${pool}, not rolled back: ${noWayBack}` };
}

function finishedWords({ release, pool, switched, bake, tookMs }: RecordOf<'deploy-finished'>): Words {
  const baked = bake === undefined ? ', not monitored' : `; ${countedText(bake)}`;
  if (!switched) return { tone: 'good', what: 'deploy', text: `${release} ready on ${pool} after ${duration(tookMs)}` };
  const tone = bake === undefined ? 'neutral' : 'good';
  return { tone, what: 'deploy', text: `${release} serves on ${pool} after ${duration(tookMs)}${baked}` };
}

function switchWords({ reason, from, to, release, actor, why }: RecordOf<'switch'>): Words {
  const change = `${from} → ${to}${release === undefined ? '' : ` (${release})`}`;
  const because = why === undefined ? '' : `: ${why}`;
  switch (reason) {
    case 'switch':
    case 'deploy':
      return {
        tone: 'neutral',
        what: 'switch',
        text: `${change} by ${reason === 'deploy' ? 'its deploy' : actor}${because}`,
      };
    case 'rollback':
      return { tone: 'neutral', what: 'rollback', text: `${change} by ${actor}${because}` };
    case 'bake':
      return { tone: 'warning', what: 'rollback', text: `${change} automatically${because}` };
    default:
      return reason satisfies never;
  }
}
