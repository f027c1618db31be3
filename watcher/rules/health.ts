import type { Health, WatchHealth } from '../../report/health.ts';
import type { Pool } from '../../settings/pool.ts';
import type { KnownCertificates } from '../control/certificates.ts';
import { certificateReports } from './certificate-state.ts';
import { openIncidents } from './open-incidents.ts';
import type { Policy, State, WatchSnapshot } from './state.ts';
import { failedPercent } from './window.ts';

/** The read-only view of a watch. */
export interface WatchView {
  /** Lines read since the first start. */
  readonly lines: number;
  /** When the last request in the log ended, in epoch milliseconds; 0 if none has been read. */
  readonly lastEndMs: number;
  readonly active: Pool | null;
  /** Not a copy. */
  readonly transitions: Pick<State['routing'], 'failovers' | 'switches'>;
  readonly certificates: KnownCertificates;
  /** Not a copy. */
  snapshot(): WatchSnapshot;
  health(): WatchHealth;
}

type Counts = Pick<WatchSnapshot, 'lines' | 'lastEndMs' | 'rejects' | 'previews' | 'heldBack'>;

interface Found extends Counts, Pick<Health, 'journal'> {
  readonly certificates: KnownCertificates;
  readonly nowMs: number;
}

export function watchHealthOf(state: State, found: Found, policy: Policy): WatchHealth {
  const { routing, errorRate, flags, mute, operations } = state;
  const { window } = errorRate;
  const { lines, lastEndMs, rejects, previews, heldBack, journal, certificates, nowMs } = found;
  return {
    log: { lines, lastLine: lastEndMs === 0 ? null : isoTime(lastEndMs), rejects, previews },
    journal,
    active: routing.active,
    serving: routing.serving,
    down: flags === null ? null : { blue: flags.blue !== null, green: flags.green !== null },
    openIncidents: openIncidents(state).map(({ kind, incident }) => ({
      kind,
      incident: incident.id,
      since: isoTime(incident.atMs),
    })),
    window: {
      samples: window.count,
      failed: window.failed,
      errorPercent: Math.round(failedPercent(window) * 100) / 100,
    },
    alertsHeldBack: heldBack,
    maintenance: policy.maintenance,
    muted: mute.open === null ? null : { until: isoTime(mute.open.untilMs), actor: mute.open.actor },
    deploy: deployOf(operations.deploy),
    ...(certificates.domains.length === 0 ? {} : { certificates: certificateReports(state, certificates, nowMs) }),
  };
}

function deployOf(deploy: State['operations']['deploy']): Health['deploy'] {
  if (deploy === null) return null;
  const { id, pool, release, sinceMs } = deploy;
  return { id, pool, release, since: isoTime(sinceMs) };
}

function isoTime(atMs: number): string {
  return new Date(atMs).toISOString();
}
