import { randomBytes, randomUUID } from 'node:crypto';
import { userInfo } from 'node:os';
import type { JournalRecord } from '../../journal/record.ts';
import type { Stack } from '../stack/stack.ts';

type WithoutBase<R> = R extends JournalRecord ? Omit<R, 'id' | 'atMs' | 'actor'> : never;

/** A record in the form that the edge's entrypoint takes: one line. */
export function recordLine(stack: Stack, record: WithoutBase<JournalRecord>): string {
  return JSON.stringify({ id: randomUUID(), atMs: Date.now(), actor: actorOf(stack), ...record });
}

/** An id for an operation: month, day and time (UTC), and a random part. */
export function operationId(): string {
  const stamp = new Date().toISOString();
  const time = `${stamp.slice(5, 7)}${stamp.slice(8, 10)}-${stamp.slice(11, 13)}${stamp.slice(14, 16)}`;
  return `${time}-${randomBytes(2).toString('hex')}`;
}

/** The name of the operator, for the journal. */
export function actorOf({ settings, env }: Stack): string {
  const name = settings.BLUEGREEN_ACTOR ?? (env.USER || userName());
  return name.replaceAll(/["\\\p{Cc}]/gu, '').slice(0, 100) || 'somebody';
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // The system has no name for this user.
    return `user ${process.getuid?.() ?? ''}`;
  }
}
