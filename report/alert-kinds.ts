/** The properties of an alert kind, apart from its words. */
interface AlertKindInfo {
  /** Whether the alert begins something that lasts, ends it, or stands alone. */
  readonly stage: 'begins' | 'ends' | 'once';
  /** The kinds that the alert resolves. If one of them is queued too for a channel, one message carries both. */
  readonly resolves?: readonly string[];
  /** The sections of docs/alerts.md that its messages link to. Never rename one: links in old messages must still work. */
  readonly sections: readonly string[];
  /** Whether the dashboard marks it on its charts, because something changed for visitors or pools. */
  readonly mark: boolean;
  /** `MAINTENANCE_MODE` holds it back. */
  readonly heldInMaintenance?: true;
}

/**
 * The list of alert kinds, which the watcher, its metrics, the dashboard, the command line and the documentation all use. For
 * the data of a kind see watcher/alerts/alert.ts, for its words watcher/words/.
 */
export const alertKinds = {
  failover: { stage: 'begins', sections: ['failover'], mark: true, heldInMaintenance: true },
  recovery: { stage: 'ends', resolves: ['failover'], sections: ['recovery'], mark: true, heldInMaintenance: true },
  switch: {
    stage: 'once',
    sections: ['planned-switch', 'unexplained-switch', 'deployed', 'rollback', 'rollback-by-hand'],
    mark: true,
  },
  flapping: { stage: 'begins', sections: ['flapping'], mark: true, heldInMaintenance: true },
  'flapping-resolved': {
    stage: 'ends',
    resolves: ['flapping'],
    sections: ['flapping-resolved'],
    mark: true,
    heldInMaintenance: true,
  },
  'error-rate': { stage: 'begins', sections: ['error-rate'], mark: false },
  'error-rate-resolved': { stage: 'ends', resolves: ['error-rate'], sections: ['error-rate-resolved'], mark: false },
  'burn-rate': { stage: 'begins', sections: ['burn-rate'], mark: false },
  'burn-rate-resolved': { stage: 'ends', resolves: ['burn-rate'], sections: ['burn-rate-resolved'], mark: false },
  outage: { stage: 'begins', sections: ['outage', 'both-pools-unhealthy'], mark: true },
  'outage-resolved': { stage: 'ends', resolves: ['outage'], sections: ['outage-resolved'], mark: true },
  'standby-down': { stage: 'begins', sections: ['standby-down'], mark: true },
  'standby-resolved': { stage: 'ends', resolves: ['standby-down'], sections: ['standby-resolved'], mark: true },
  overload: { stage: 'begins', sections: ['overload'], mark: true },
  'overload-resolved': { stage: 'ends', resolves: ['overload'], sections: ['overload-resolved'], mark: true },
  'certificate-expiring': {
    stage: 'begins',
    sections: ['certificate-expiring', 'certificate-expired', 'own-certificate-expiring'],
    mark: false,
  },
  'certificate-renewal-failed': {
    stage: 'begins',
    sections: ['certificate-renewal-failed', 'no-certificate'],
    mark: false,
  },
  'certificate-renewed': {
    stage: 'ends',
    resolves: ['certificate-expiring', 'certificate-renewal-failed'],
    sections: ['certificate-renewed'],
    mark: false,
  },
  away: { stage: 'once', sections: ['away'], mark: false },
  'deploy-started': { stage: 'begins', sections: ['deploy'], mark: true },
  'deploy-failed': { stage: 'ends', sections: ['deploy-failed', 'not-rolled-back'], mark: true },
  'deploy-finished': {
    stage: 'ends',
    sections: ['deploy-finished', 'deploy-not-monitored', 'deploy-ready'],
    mark: true,
  },
  canary: { stage: 'begins', sections: ['canary', 'canary-off'], mark: true },
  'maintenance-on': { stage: 'begins', sections: ['maintenance'], mark: true },
  'maintenance-off': { stage: 'ends', sections: ['maintenance-off'], mark: true },
  muted: { stage: 'begins', sections: ['muted'], mark: false },
  unmuted: { stage: 'ends', sections: ['unmuted'], mark: false },
  test: { stage: 'once', sections: ['test-alert'], mark: false },
} as const satisfies { readonly [kind: string]: AlertKindInfo };

export type AlertKind = keyof typeof alertKinds;

export const alertKindNames = Object.keys(alertKinds) as readonly AlertKind[];

export function kindInfo(kind: AlertKind): AlertKindInfo {
  return alertKinds[kind];
}

/** A section of docs/alerts.md. */
export type Anchor = (typeof alertKinds)[AlertKind]['sections'][number];

export const anchors: readonly Anchor[] = alertKindNames.flatMap((kind) => alertKinds[kind].sections);
