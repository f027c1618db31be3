import type { Anchor } from '../report/alert-kinds.ts';
import type { Alert } from '../watcher/alerts/alert.ts';
import type { Message } from '../watcher/alerts/message.ts';
import { wordingOf } from '../watcher/words/wording.ts';
import { failover, sampleAlerts } from './sample-alerts.ts';

const minute = 60_000;
const all = Object.values(sampleAlerts).flat();

/** The sections whose picture shows another sample than the first, because it shows more. */
const preferred: { readonly [anchor in Anchor]?: (alert: Alert) => boolean } = {
  failover: ({ heldBack }) => heldBack !== undefined,
  'planned-switch': (alert) => alert.kind === 'switch' && alert.operation !== undefined,
  deploy: (alert) => alert.kind === 'deploy-started' && alert.image !== undefined,
  'canary-off': (alert) => alert.kind === 'canary' && alert.didBadly === true,
  'rollback-by-hand': (alert) => alert.kind === 'switch' && alert.release !== undefined,
  muted: (alert) => alert.kind === 'muted' && alert.ongoing.length > 0,
  unmuted: (alert) => alert.kind === 'unmuted' && alert.events.length === 2,
};

/** The message that the picture of a section shows. */
export function sampleOf(anchor: Anchor): Message {
  const samples = all.filter((alert) => wordingOf(alert).anchor === anchor);
  const alert = samples.find(preferred[anchor] ?? (() => true));
  if (alert === undefined) throw new Error(`no sample has the anchor ${anchor}`);
  return { alert };
}

const endOf = (kind: keyof typeof sampleAlerts, incident: string): Alert => {
  const [end] = sampleAlerts[kind];
  if (end === undefined) throw new Error(`no sample of ${kind}`);
  return { ...end, incident, atMs: end.atMs + 12 * minute };
};
const begun = (kind: keyof typeof sampleAlerts): Alert => sampleAlerts[kind][0] ?? failover;

/** Messages with more than a single alert. */
export const composedMessages = {
  'failover and recovery': { alert: failover, end: endOf('recovery', failover.incident) },
  'flapping and its end': { alert: begun('flapping'), end: endOf('flapping-resolved', failover.incident) },
  'error rate and its end': { alert: begun('error-rate'), end: endOf('error-rate-resolved', failover.incident) },
  'burn rate and its end': { alert: begun('burn-rate'), end: endOf('burn-rate-resolved', failover.incident) },
  'an unconfirmed outage and its end': {
    alert: sampleAlerts.outage[1] ?? failover,
    end: { ...endOf('outage-resolved', failover.incident), lastedMs: 5_000, unserved: 0 } as Alert,
  },
  'outage and its end': { alert: begun('outage'), end: endOf('outage-resolved', failover.incident) },
  'standby down and its end': { alert: begun('standby-down'), end: endOf('standby-resolved', failover.incident) },
  'overload and its end': { alert: begun('overload'), end: endOf('overload-resolved', failover.incident) },
  'a failed renewal and its end': {
    alert: begun('certificate-renewal-failed'),
    end: endOf('certificate-renewed', begun('certificate-renewal-failed').incident),
  },
  late: { alert: failover, late: { forMs: 12 * minute } },
  'late because Slack was down': {
    alert: { ...failover, heldBack: { count: 2, sinceMs: failover.atMs - 3 * minute } },
    late: { forMs: 12 * minute, silentMs: 11 * minute },
    dropped: 3,
  },
} satisfies { readonly [name: string]: Message };
