import { kindInfo } from '../../report/alert-kinds.ts';
import type { Alert } from './alert.ts';

/** Whether `end` resolves `alert`, so that one message can carry both. */
export function isEndOf(end: Alert, alert: Alert): boolean {
  return end.incident === alert.incident && (kindInfo(end.kind).resolves?.includes(alert.kind) ?? false);
}

/** Whether an alert ends something. */
export function isEnd(alert: Alert): boolean {
  // The deploy has ended, but its release is still active.
  if (alert.kind === 'deploy-failed' && alert.noWayBack !== undefined) return false;
  return kindInfo(alert.kind).stage === 'ends';
}

/** Whether an alert begins something that lasts, or says that it is still open. */
export function isBeginning(alert: Alert): boolean {
  return kindInfo(alert.kind).stage !== 'once' && !isEnd(alert);
}
