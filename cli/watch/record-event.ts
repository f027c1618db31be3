import type { JournalRecord, RecordOf } from '../../journal/record.ts';
import { duration, requests, share } from '../../watcher/figures.ts';
import { localTime, type WatchEvent } from './event.ts';

type Words = Omit<WatchEvent, 'atMs'>;

/** What an operator did, or a deploy, in a few words. */
export function recordEvent(record: JournalRecord): WatchEvent {
  return { atMs: record.atMs, ...wordsFor(record) };
}

function wordsFor(record: JournalRecord): Words {
  const { actor } = record;
  switch (record.kind) {
    case 'deploy-started':
      return { tone: 'neutral', what: 'deploy', text: `${record.release} → ${record.pool} started by ${actor}` };
    case 'deploy-failed':
      return { tone: 'warning', what: 'deploy', text: `${record.release} failed at ${record.step}: ${record.why}` };
    case 'deploy-finished':
      return finishedWords(record);
    case 'switch':
      return switchWords(record);
    case 'canary': {
      const because = record.why === undefined ? '' : `: ${record.why}`;
      const text =
        record.percent === 0 ? `off${because}` : `${record.percent}% of the visitors → ${record.pool} by ${actor}`;
      return { tone: record.percent === 0 && because !== '' ? 'warning' : 'neutral', what: 'canary', text };
    }
    case 'maintenance':
      return { tone: 'neutral', what: 'maintenance', text: `${record.on ? 'on' : 'off'} by ${actor}` };
    case 'mute':
      return { tone: 'neutral', what: 'mute', text: `alerts are muted until ${localTime(record.untilMs)} by ${actor}` };
    case 'unmute':
      return { tone: 'neutral', what: 'mute', text: `alerts are on again by ${actor}` };
    default:
      return record satisfies never;
  }
}

function finishedWords({ release, pool, switched, bake, tookMs }: RecordOf<'deploy-finished'>): Words {
  const baked = bake === undefined ? '' : `; ${requests(bake.requests)}, ${share(bake.failed, bake.requests)} failed`;
  const text = switched ? `${release} serves on ${pool}` : `${release} waits on ${pool}`;
  return { tone: 'good', what: 'deploy', text: `${text}, after ${duration(tookMs)}${baked}` };
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
      return { tone: 'warning', what: 'rollback', text: `${change} by itself${because}` };
    default:
      return reason satisfies never;
  }
}
