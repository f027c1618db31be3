import type { AlertKind } from '../../report/alert-kinds.ts';
import { oneLine, short } from '../../report/text.ts';
import { maxPhraseReleaseChars, phraseOf } from '../alerts/phrase.ts';
import type { Incident } from './incident.ts';
import type { CertificateTrouble, State } from './state.ts';

export interface OpenIncident {
  readonly kind: (typeof incidentKinds)[number];
  readonly incident: Incident;
}

/** The kinds of incidents. Both pools failing their health checks is not an outage until a request shows one. */
export const incidentKinds = [
  'failover',
  'flapping',
  'error-rate',
  'burn-rate',
  'outage',
  'both-pools-unhealthy',
  'standby-down',
  'overload',
  'certificate-expiring',
  'certificate-renewal-failed',
] as const satisfies (AlertKind | 'both-pools-unhealthy')[];

/** The open incidents, without those that an operator began. */
export function openIncidents(state: State): readonly OpenIncident[] {
  const { routing, errorRate, burnRate, outage, standby, overload, certificates } = state;
  return [
    { kind: 'failover' as const, incident: routing.failover },
    { kind: 'flapping' as const, incident: routing.flapping.open },
    { kind: 'error-rate' as const, incident: errorRate.open },
    { kind: 'burn-rate' as const, incident: burnRate.open },
    { kind: isOutageConfirmed(state) ? ('outage' as const) : ('both-pools-unhealthy' as const), incident: outage.open },
    { kind: 'standby-down' as const, incident: standby.open },
    { kind: 'overload' as const, incident: overload.open },
    ...Object.values(certificates.troubles).map((incident) => ({ kind: troubleKind(incident), incident })),
  ].flatMap(({ kind, incident }) => (incident === null ? [] : [{ kind, incident }]));
}

function troubleKind({ stage }: CertificateTrouble): 'certificate-expiring' | 'certificate-renewal-failed' {
  return stage > 0 ? 'certificate-expiring' : 'certificate-renewal-failed';
}

/** Whether a request has shown the outage. Health checks alone may be wrong. */
export function isOutageConfirmed({ outage }: State): boolean {
  return outage.open?.alert.shownBy === 'requests';
}

/** Whether an incident is open, including those that an operator began: a deploy, maintenance, a mute. */
export function isOpen(state: State, incident: string): boolean {
  const { operations, mute } = state;
  const { deploy, stillActive, maintenance } = operations;
  const begun = [deploy?.id, stillActive?.incident, maintenance?.incident, mute.open?.incident];
  if (begun.includes(incident)) return true;
  return openIncidents(state).some((open) => open.incident.id === incident);
}

/** All open incidents and operations, in a few words each. */
export function ongoing({
  routing,
  errorRate,
  burnRate,
  outage,
  standby,
  overload,
  certificates,
  operations,
}: State): readonly string[] {
  const { failover, flapping } = routing;
  const { deploy, stillActive, maintenance } = operations;
  const rerouted = failover === null ? undefined : phraseOf(failover.alert);
  return [
    outage.open === null ? undefined : phraseOf(outage.open.alert),
    flapping.open === null ? rerouted : `${flapping.open.pool} flapping`,
    errorRate.open === null ? undefined : 'error rate high',
    burnRate.open === null ? undefined : 'error budget burning too fast',
    standby.open === null ? undefined : phraseOf(standby.open.alert),
    overload.open === null ? undefined : 'machine overloaded',
    ...Object.values(certificates.troubles).map(({ domain }) => `certificate of ${short(domain)} not renewed`),
    deploy === null ? undefined : `deploy of ${oneLine(deploy.release, maxPhraseReleaseChars)} to ${deploy.pool}`,
    stillActive === null
      ? undefined
      : `${oneLine(stillActive.release, maxPhraseReleaseChars)} still active on ${stillActive.pool}`,
    maintenance === null || maintenance.off !== null ? undefined : 'maintenance page',
  ].filter((words) => words !== undefined);
}
