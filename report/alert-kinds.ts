/** What everything but the words of an alert depends on. */
interface AlertKindInfo {
  /** Whether it begins something that lasts, ends it, or happens at once. */
  readonly stage: 'begins' | 'ends' | 'once';
  /** The kind that it resolves: while both wait for a channel, one message carries them. */
  readonly resolves?: string;
  /** The sections of docs/alerts.md that its messages link to. Messages keep their links for ever: never rename one. */
  readonly sections: readonly string[];
  /** It is a mark on the dashboard's charts, because something changed for visitors or for the pools. */
  readonly mark: boolean;
  /** `MAINTENANCE_MODE` holds it back. */
  readonly heldInMaintenance?: true;
}

/**
 * Every kind of alert, once. The watcher, its metrics, the dashboard, the command line and the documentation take the list
 * from here; what a kind carries is in watcher/alerts/alert.ts and what it says in watcher/words/.
 */
export const alertKinds = {
  failover: { stage: 'begins', sections: ['failover'], mark: true, heldInMaintenance: true },
  recovery: { stage: 'ends', resolves: 'failover', sections: ['recovery'], mark: true, heldInMaintenance: true },
  switch: {
    stage: 'once',
    sections: ['planned-switch', 'unexplained-switch', 'deployed', 'rollback', 'rollback-by-hand'],
    mark: true,
  },
  flapping: { stage: 'begins', sections: ['flapping'], mark: true, heldInMaintenance: true },
  'flapping-resolved': {
    stage: 'ends',
    resolves: 'flapping',
    sections: ['flapping-resolved'],
    mark: true,
    heldInMaintenance: true,
  },
  'error-rate': { stage: 'begins', sections: ['error-rate'], mark: false },
  'error-rate-resolved': { stage: 'ends', resolves: 'error-rate', sections: ['error-rate-resolved'], mark: false },
  'burn-rate': { stage: 'begins', sections: ['burn-rate'], mark: false },
  'burn-rate-resolved': { stage: 'ends', resolves: 'burn-rate', sections: ['burn-rate-resolved'], mark: false },
  outage: { stage: 'begins', sections: ['outage', 'both-pools-unhealthy'], mark: true },
  'outage-resolved': { stage: 'ends', resolves: 'outage', sections: ['outage-resolved'], mark: true },
  'standby-down': { stage: 'begins', sections: ['standby-down'], mark: true },
  'standby-resolved': { stage: 'ends', resolves: 'standby-down', sections: ['standby-resolved'], mark: true },
  away: { stage: 'begins', sections: ['away'], mark: false },
  'deploy-started': { stage: 'begins', sections: ['deploy'], mark: true },
  'deploy-failed': { stage: 'ends', sections: ['deploy-failed', 'not-rolled-back'], mark: true },
  'deploy-finished': { stage: 'ends', sections: ['deploy-finished', 'deploy-not-watched', 'deploy-ready'], mark: true },
  canary: { stage: 'begins', sections: ['canary', 'canary-off'], mark: true },
  'maintenance-on': { stage: 'begins', sections: ['maintenance'], mark: true },
  'maintenance-off': { stage: 'ends', sections: ['maintenance-off'], mark: true },
  muted: { stage: 'begins', sections: ['muted'], mark: false },
  unmuted: { stage: 'ends', sections: ['unmuted'], mark: false },
  test: { stage: 'begins', sections: ['test-alert'], mark: false },
} as const satisfies { readonly [kind: string]: AlertKindInfo };

export type AlertKind = keyof typeof alertKinds;

export const alertKindNames = Object.keys(alertKinds) as readonly AlertKind[];

export function kindInfo(kind: AlertKind): AlertKindInfo {
  return alertKinds[kind];
}

/** A section of docs/alerts.md. */
export type Anchor = (typeof alertKinds)[AlertKind]['sections'][number];

export const anchors: readonly Anchor[] = alertKindNames.flatMap((kind) => alertKinds[kind].sections);
