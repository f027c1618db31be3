import type { AlertKind } from '../../report/alert-kinds.ts';
import { oneLine } from '../../report/text.ts';
import { phraseOf } from '../alerts/phrase.ts';
import type { Incident } from './incident.ts';
import type { State } from './state.ts';

const maxReleaseChars = 40;

export interface OpenIncident {
  readonly kind: (typeof incidentKinds)[number];
  readonly incident: Incident;
}

/** What can go on: kinds of alerts, and what is no outage until a request shows one. */
export const incidentKinds = [
  'failover',
  'flapping',
  'error-rate',
  'burn-rate',
  'outage',
  'both-pools-unhealthy',
  'standby-down',
] as const satisfies (AlertKind | 'both-pools-unhealthy')[];

/** The incidents of the log that go on now, by kind. */
export function openIncidents(state: State): readonly OpenIncident[] {
  const { routing, errorRate, burnRate, outage, standby } = state;
  return [
    { kind: 'failover' as const, incident: routing.failover },
    { kind: 'flapping' as const, incident: routing.flapping.open },
    { kind: 'error-rate' as const, incident: errorRate.open },
    { kind: 'burn-rate' as const, incident: burnRate.open },
    { kind: isOutageSure(state) ? ('outage' as const) : ('both-pools-unhealthy' as const), incident: outage.open },
    { kind: 'standby-down' as const, incident: standby.open },
  ].flatMap(({ kind, incident }) => (incident === null ? [] : [{ kind, incident }]));
}

/** A request has shown it; health checks alone may be wrong. */
export function isOutageSure({ outage }: State): boolean {
  return outage.open?.alert.shownBy === 'requests';
}

/** Whether it goes on: an incident of the log, or what an operator has begun. */
export function isOpen(state: State, incident: string): boolean {
  const { operations, mute } = state;
  const { deploy, stillLive, maintenance } = operations;
  const begun = [deploy?.id, stillLive?.incident, maintenance?.incident, mute.open?.incident];
  if (begun.includes(incident)) return true;
  return openIncidents(state).some((open) => open.incident.id === incident);
}

/** All that goes on now, in a few words each. */
export function ongoing({ routing, errorRate, burnRate, outage, standby, operations }: State): readonly string[] {
  const { failover, flapping } = routing;
  const { deploy, stillLive, maintenance } = operations;
  const rerouted = failover === null ? undefined : phraseOf(failover.alert);
  return [
    outage.open === null ? undefined : phraseOf(outage.open.alert),
    flapping.open === null ? rerouted : `${flapping.open.pool} flapping`,
    errorRate.open === null ? undefined : 'error rate high',
    burnRate.open === null ? undefined : 'error budget burning too fast',
    standby.open === null ? undefined : phraseOf(standby.open.alert),
    deploy === null ? undefined : `deploy of ${oneLine(deploy.release, maxReleaseChars)} to ${deploy.pool}`,
    stillLive === null ? undefined : `${oneLine(stillLive.release, maxReleaseChars)} still live on ${stillLive.pool}`,
    maintenance === null || maintenance.off !== null ? undefined : 'maintenance page',
  ].filter((words) => words !== undefined);
}
