import type { Logger } from 'pino';
import type { Tail } from './tail.ts';

/** Returns a function that logs each change in the tail's state once. */
export function tailReporter(tail: Tail, path: string, log: Logger): () => void {
  let lastMessage = '';
  let gaps = 0;
  return () => {
    if (tail.gaps > gaps) {
      gaps = tail.gaps;
      log.warn({ path, gaps }, gapMessages[tail.lastGap]);
    }
    const { state, fault } = tail;
    const message = state === 'failing' ? `cannot read the access log: ${fault}` : stateMessages[state];
    if (message === lastMessage) return;
    lastMessage = message;
    log[state === 'failing' ? 'error' : 'info']({ path }, message);
  };
}

const gapMessages = {
  gone: 'an access log was deleted before it was read to its end: its last lines are lost',
  'cut short': 'the access log was cut before the reading position: lines written since may be lost',
} as const;

const stateMessages = {
  waiting: 'waiting for the access log',
  reading: 'following the access log',
  draining: 'the access log was rotated: reading the old one to its end',
} as const;
