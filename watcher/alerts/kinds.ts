import type { Alert, AlertKind } from './alert.ts';

const beginnings: { readonly [kind in AlertKind]?: AlertKind } = {
  recovery: 'failover',
  'flapping-resolved': 'flapping',
  'error-rate-resolved': 'error-rate',
  'burn-rate-resolved': 'burn-rate',
  'outage-resolved': 'outage',
  'standby-resolved': 'standby-down',
};

/** Whether `end` tells the end of what `alert` has begun, so that one message can tell both. */
export function isEndOf(end: Alert, alert: Alert): boolean {
  return end.incident === alert.incident && beginnings[end.kind] === alert.kind;
}

/** Every kind has a series from the start: one that began with its first alert would hide it from `increase`. */
export const kinds = Object.keys({
  failover: true,
  recovery: true,
  switch: true,
  flapping: true,
  'flapping-resolved': true,
  'error-rate': true,
  'error-rate-resolved': true,
  'burn-rate': true,
  'burn-rate-resolved': true,
  outage: true,
  'outage-resolved': true,
  'standby-down': true,
  'standby-resolved': true,
  away: true,
  'deploy-started': true,
  'deploy-failed': true,
  'deploy-finished': true,
  canary: true,
  'maintenance-on': true,
  'maintenance-off': true,
  muted: true,
  unmuted: true,
  test: true,
} satisfies Record<AlertKind, true>);

const otherEnds: readonly AlertKind[] = ['recovery', 'deploy-failed', 'deploy-finished', 'maintenance-off', 'unmuted'];

export function isEnd(alert: Alert): boolean {
  // The deploy is over, but not what it has left.
  if (alert.kind === 'deploy-failed' && alert.noWayBack !== undefined) return false;
  return otherEnds.includes(alert.kind) || alert.kind.endsWith('-resolved');
}

/** A switch is over at once, even if it is a part of a deploy. */
export function isBeginning(alert: Alert): boolean {
  return alert.kind !== 'switch' && !isEnd(alert);
}
