import { type CertificateReport, certificateTone, certificateWords } from '../../report/certificates.ts';
import type { ChannelReport, Problem, Statement } from '../../report/dashboard.ts';
import { share } from '../../report/figures.ts';
import type { TailState } from '../../report/health.ts';
import { isIdle } from '../../report/serving.ts';
import { capital, oneLine } from '../../report/text.ts';
import { otherPool, type Pool, pools } from '../../settings/pool.ts';
import type { Causes } from '../alerts/alert.ts';
import { isOutageConfirmed } from '../rules/open-incidents.ts';
import type { RoutingState, State } from '../rules/state.ts';
import type { Found } from './companion.ts';
import { askedFirst } from './serving.ts';

/** The facts behind the statement and the problems. */
export interface Standing {
  readonly state: State;
  /** From the log, or from the flags if the log has no request yet. */
  readonly active: Pool | null;
  readonly log: { readonly state: TailState; readonly fault: string | null; readonly catchingUp: boolean };
  /** When the last request ended; 0 if there was none yet. */
  readonly lastEndMs: number;
  /** The results of their last checks. */
  readonly edge: Found;
  readonly prober: Found;
  /** Why the journal cannot be read. */
  readonly journalFault: string | null;
  readonly checkpointFault: string | null;
  /** Why the dashboard's history cannot be saved. */
  readonly pastFault: string | null;
  readonly channels: readonly ChannelReport[];
  readonly certificates: readonly CertificateReport[];
  /** Since when the certificates program has not reported; null if it does. */
  readonly certificatesSilentSinceMs: number | null;
  readonly nowMs: number;
}

/** The state of the site in a few words, to be read from across the room. */
export function statementOf(standing: Standing, problems: readonly Problem[]): Statement {
  const { state, active, log, edge, lastEndMs } = standing;
  const { flapping } = state.routing;
  const { flags } = state;
  const failover = failoverNow(standing);
  const { maintenance } = state.operations;
  if (edge.state === 'gone') {
    const sentence = 'The edge does not answer: visitors reach nothing.';
    return { tint: 'failing', tone: 'bad', word: 'Outage', sentence, sinceMs: edge.sinceMs };
  }
  if (log.state === 'failing') {
    const sentence = 'The access log cannot be read: nobody sees what happens now.';
    return { tint: 'unknown', tone: 'bad', word: 'Blind', sentence, sinceMs: null };
  }
  if (state.outage.open !== null && isOutageConfirmed(state)) {
    const sinceMs = state.outage.open.atMs;
    return { tint: 'failing', tone: 'bad', word: 'Outage', sentence: 'No pool can serve requests.', sinceMs };
  }
  const isJournalled = maintenance !== null && maintenance.off === null;
  // The edge follows the flag. The journal may lack the record, or hold one from before it was read.
  if (flags === null ? isJournalled : flags.maintenance === true) {
    const sentence = 'Visitors get the maintenance page.';
    const sinceMs = isJournalled ? maintenance.sinceMs : null;
    return { tint: 'maintenance', tone: 'warning', word: 'Maintenance', sentence, sinceMs };
  }
  if (failover !== null) {
    const { from, to } = failover.alert;
    const sentence = `serves for ${from}, which is active but fails.`;
    return { tint: to, tone: 'warning', word: capital(to), sentence, sinceMs: failover.atMs };
  }
  if (active === null) {
    const sentence = 'for the first request. Nothing is known yet.';
    return { tint: 'unknown', tone: 'neutral', word: 'Waiting', sentence, sinceMs: null };
  }
  const first = flags === null ? active : askedFirst(active, flags);
  if (first !== active) {
    const sentence = `is tried first, because ${active} is active but fails its health checks.`;
    const sinceMs = flags?.[active]?.seenMs ?? null;
    return { tint: first, tone: 'warning', word: capital(first), sentence, sinceMs };
  }
  const tone = problems.some((problem) => problem.tone === 'bad') ? 'bad' : problems.length > 0 ? 'warning' : 'good';
  if (state.outage.open !== null) {
    const sentence = 'is tried first; both pools fail their health checks.';
    return { tint: active, tone, word: capital(active), sentence, sinceMs: state.outage.open.atMs };
  }
  if (state.routing.failover !== null) {
    const sentence = 'is tried first again; no request has shown yet that it is healthy.';
    return { tint: active, tone, word: capital(active), sentence, sinceMs: lastEndMs };
  }
  if (flapping.open !== null) {
    const sentence = `serves, and has failed over ${flapping.open.failovers} times.`;
    return { tint: active, tone, word: capital(active), sentence, sinceMs: flapping.open.atMs };
  }
  const sentence = state.routing.serving === null ? 'is active. There was no request yet.' : 'serves.';
  return { tint: active, tone, word: capital(active), sentence, sinceMs: null };
}

/** The problems that exist now, worst first, each in the tone of its alert; empty if there are none. */
export function problemsOf(standing: Standing): readonly Problem[] {
  const all = [
    ...incidentProblems(standing),
    ...poolProblems(standing),
    ...certificateProblems(standing),
    ...stackProblems(standing),
  ];
  return [...all.filter(({ tone }) => tone === 'bad'), ...all.filter(({ tone }) => tone === 'warning')];
}

/** Whether a deploy is at work on the pool: then it may be down without being a problem. */
export function isDownExpected({ state, nowMs }: Pick<Standing, 'state' | 'nowMs'>, pool: Pool): boolean {
  const { downtime } = state.operations;
  return downtime !== null && downtime.pool === pool && nowMs < downtime.untilMs;
}

/**
 * The failover that is open. Only a request ends it; without requests, it no longer counts once the edge would try the active
 * pool first again.
 */
function failoverNow({ state, lastEndMs, nowMs }: Standing): RoutingState['failover'] {
  const { failover } = state.routing;
  const { flags } = state;
  if (failover === null || flags === null || !isIdle(lastEndMs, nowMs)) return failover;
  const { from } = failover.alert;
  return askedFirst(from, flags) === from ? null : failover;
}

function incidentProblems(standing: Standing): readonly Problem[] {
  const { state } = standing;
  const { routing, outage, errorRate, burnRate } = state;
  const { flapping } = routing;
  const failover = failoverNow(standing);
  const { window } = errorRate;
  return [
    outage.open === null
      ? undefined
      : isOutageConfirmed(state)
        ? bad('Outage: no pool can serve requests', outage.open.atMs, causeOf(outage.open.alert.causes))
        : warning('Both pools fail their health checks', outage.open.atMs, causeOf(outage.open.alert.causes)),
    failover === null
      ? undefined
      : warning(`Failover: ${failover.alert.from} → ${failover.alert.to}`, failover.atMs, failover.alert.cause),
    flapping.open === null
      ? undefined
      : warning(
          `Flapping: ${flapping.open.failovers} failovers of ${flapping.open.pool}`,
          flapping.open.firstMs,
          flapping.open.cause,
        ),
    errorRate.open === null
      ? undefined
      : (errorRate.open.masked ? warning : bad)(
          `Error rate high: ${share(window.failed, window.count)} of the last ${window.count} requests`,
          errorRate.open.atMs,
          errorRate.open.masked ? 'visitors see none of it' : undefined,
        ),
    burnRate.open === null ? undefined : bad('Error budget burns too fast', burnRate.open.atMs),
  ].filter((problem) => problem !== undefined);
}

function poolProblems(standing: Standing): readonly Problem[] {
  const { state, active } = standing;
  const { flags, outage } = state;
  if (flags === null) return [warning('No health checks: the control directory cannot be seen', null)];
  if (active === null || outage.open !== null) return [];
  const standby = otherPool(active);
  const [activeFlag, standbyFlag] = [flags[active], flags[standby]];
  return [
    activeFlag === null || failoverNow(standing) !== null
      ? undefined
      : warning(`${capital(active)} is active and fails its health checks`, activeFlag.seenMs, activeFlag.cause),
    standbyFlag === null || isDownExpected(standing, standby)
      ? undefined
      : warning(
          `Standby ${standby} is unhealthy: there is nothing to fail over to`,
          standbyFlag.seenMs,
          standbyFlag.cause,
        ),
  ].filter((problem) => problem !== undefined);
}

const maxErrorChars = 100;

function certificateProblems({ certificates, certificatesSilentSinceMs }: Standing): readonly Problem[] {
  const problems = certificates.flatMap((certificate) => {
    const tone = certificateTone(certificate.state);
    if (tone !== 'bad' && tone !== 'warning') return [];
    const text = `Certificate of ${certificate.domain}: ${certificateWords(certificate)}`;
    const { error } = certificate;
    // The list of certificates has all of it.
    return [{ tone, text, detail: error === null ? null : oneLine(error, maxErrorChars), sinceMs: null }];
  });
  if (certificatesSilentSinceMs === null) return problems;
  return [...problems, warning('Nobody renews certificates: their service does not report', certificatesSilentSinceMs)];
}

/** What is wrong with the edge, the prober and the watcher itself. */
function stackProblems({
  log,
  edge,
  prober,
  journalFault,
  checkpointFault,
  pastFault,
  channels,
}: Standing): readonly Problem[] {
  return [
    edge.state === 'gone' ? bad('The edge does not answer', edge.sinceMs, edge.why) : undefined,
    prober.state === 'gone'
      ? warning('No health checks: the prober does not answer', prober.sinceMs, prober.why)
      : undefined,
    log.state === 'failing' ? bad('The access log cannot be read', null, log.fault ?? undefined) : undefined,
    log.catchingUp ? warning('Still reading what happened while the watcher was away', null) : undefined,
    journalFault === null
      ? undefined
      : warning('The journal cannot be read: operations are not reported', null, journalFault),
    checkpointFault === null ? undefined : warning('The watcher cannot save what it knows', null, checkpointFault),
    pastFault === null ? undefined : warning('The dashboard cannot save its charts', null, pastFault),
    ...channels.map(({ name, state, queued, lastError }) => {
      if (state === 'open') return undefined;
      const text = `Alerts are not delivered to ${name}: ${queued} waiting`;
      return state === 'closed' ? bad(text, null, lastError ?? undefined) : warning(text, null, lastError ?? undefined);
    }),
  ].filter((problem) => problem !== undefined);
}

function causeOf(causes: Causes): string | undefined {
  const all = pools.flatMap((pool) => (causes[pool] === undefined ? [] : [`${pool}: ${causes[pool]}`]));
  return all.length === 0 ? undefined : all.join(', ');
}

function bad(text: string, sinceMs: number | null, detail?: string): Problem {
  return { tone: 'bad', text, detail: detail ?? null, sinceMs };
}

function warning(text: string, sinceMs: number | null, detail?: string): Problem {
  return { tone: 'warning', text, detail: detail ?? null, sinceMs };
}
