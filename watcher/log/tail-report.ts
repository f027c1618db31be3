import type { Logger } from 'pino';
import type { Tail } from './tail.ts';

/** Logs each change of state of the followed log once. */
export function tailReporter(tail: Tail, path: string, log: Logger): () => void {
  let said = '';
  let gaps = 0;
  return () => {
    if (tail.gaps > gaps) {
      gaps = tail.gaps;
      log.warn({ path, gaps }, lost[tail.lastGap]);
    }
    const { state, fault } = tail;
    const words = state === 'failing' ? `cannot read the access log: ${fault}` : sentence[state];
    if (words === said) return;
    said = words;
    log[state === 'failing' ? 'error' : 'info']({ path }, words);
  };
}

const lost = {
  gone: 'a log was deleted before it had been read to its end: its last lines are lost',
  'cut short': 'the access log was cut before the reading position: lines written since may be lost',
} as const;

const sentence = {
  waiting: 'waiting for the access log',
  reading: 'following the access log',
  draining: 'the access log was rotated: reading the old one to its end',
} as const;
