import type { Logger } from 'pino';
import type { Tail } from './tail.ts';

/** Says in the log, once each time, what has become of the log that is followed. */
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
  gone: 'a log was gone before it had been read to its end: its last lines are lost',
  'cut short': 'the access log was cut before the place up to which it had been read: lines written since may be lost',
} as const;

const sentence = {
  waiting: 'waiting for the access log',
  reading: 'following the access log',
  draining: 'the access log was rotated: reading the old one to its end',
} as const;
