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
  'both-pools-unhealthy',
  'outage-resolved',
  'standby-down',
  'standby-resolved',
  'planned-switch',
  'unexplained-switch',
  'deploy',
  'deployed',
  'deploy-finished',
  'deploy-not-watched',
  'deploy-ready',
  'deploy-failed',
  'not-rolled-back',
  'rollback',
  'rollback-by-hand',
  'canary',
  'canary-off',
  'maintenance',
  'maintenance-off',
  'muted',
  'unmuted',
  'away',
  'test-alert',
] as const;

export type Anchor = (typeof anchors)[number];
