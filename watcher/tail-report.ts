import type { Logger } from 'pino';
import type { Tail } from './tail.ts';

/** Says in the log, once each time, what has become of the log that is followed. */
export function tailReporter(tail: Tail, path: string, log: Logger): () => void {
  let said = '';
  return () => {
    const { state, fault } = tail;
    const words = state === 'failing' ? `cannot read the access log: ${fault}` : sentence[state];
    if (words === said) return;
    said = words;
    log[state === 'failing' ? 'error' : 'info']({ path }, words);
  };
}

const sentence = {
  waiting: 'waiting for the access log',
  reading: 'following the access log',
  draining: 'the access log was rotated: reading the old one to its end',
} as const;
