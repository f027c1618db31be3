/**
 * The sections of docs/alerts.md that messages link to. Links in messages of older versions must go on working: what stands
 * here stays, in docs/alerts.md and in RUNBOOK.md.
 */
export const anchors = [
  'failover',
  'recovery',
  'flapping',
  'flapping-resolved',
  'error-rate',
  'error-rate-resolved',
  'burn-rate',
  'burn-rate-resolved',
  'outage',
  'outage-resolved',
  'standby-down',
  'standby-resolved',
  'planned-switch',
  'deploy',
  'deployed',
  'deploy-finished',
  'deploy-ready',
  'deploy-failed',
  'rollback',
  'rollback-by-hand',
  'canary',
  'canary-off',
  'maintenance',
  'maintenance-off',
  'muted',
  'unmuted',
  'away',
] as const;

export type Anchor = (typeof anchors)[number];
