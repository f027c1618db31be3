import { kindInfo } from '../../report/alert-kinds.ts';
import type { Alert } from './alert.ts';

/** Whether `end` ends what `alert` began, so that one message can carry both. */
export function isEndOf(end: Alert, alert: Alert): boolean {
  return end.incident === alert.incident && kindInfo(end.kind).resolves === alert.kind;
}

/** Whether something that lasted is over with it. */
export function isEnd(alert: Alert): boolean {
  // The deploy is over, but its release is still live.
  if (alert.kind === 'deploy-failed' && alert.noWayBack !== undefined) return false;
  return kindInfo(alert.kind).stage === 'ends';
}

/** Whether it begins something that lasts, or leaves it. */
export function isBeginning(alert: Alert): boolean {
  return kindInfo(alert.kind).stage !== 'once' && !isEnd(alert);
}
