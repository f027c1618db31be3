import { duration, requests } from '../../report/figures.ts';
import { capital } from '../../report/text.ts';
import type {
  Causes,
  Failover,
  Flapping,
  FlappingResolved,
  Outage,
  OutageResolved,
  Recovery,
  StandbyDown,
  StandbyResolved,
} from '../alerts/alert.ts';
import { stableForMs } from '../rules/flapping.ts';
import { type Fact, fact, note, type Span, serving, type Wording } from './facts.ts';

/** The standby answers in place of the active pool; the active pool answers again. */
export function failoverWording(alert: Failover | Recovery): Wording {
  if (alert.kind === 'failover') {
    return {
      headline: `Failover detected: ${alert.from} → ${alert.to} (to standby)`,
      summary:
        `${capital(alert.from)} is active but ${alert.to} answers in its place: ` +
        `${alert.failed ? 'the first request met an error' : 'visitors are served'}. ` +
        `Until ${alert.from} is back there is nothing to fail over to.`,
      facts: [
        serving(alert.to, alert.release),
        ...fact('Cause', alert.cause),
        note('Figures', `first request answered in ${duration(alert.requestMs)}`),
        ...fact('Upstream', alert.upstream),
      ],
      tone: 'warning',
      anchor: 'failover',
    };
  }
  return {
    headline: `Recovery detected: back to ${alert.pool} (active)`,
    summary: `${capital(alert.pool)} answers visitors again; ${alert.standby} served ${requests(alert.served)} meanwhile.`,
    facts: [serving(alert.pool, alert.release), note('Lasted', duration(alert.lastedMs))],
    tone: 'good',
    anchor: 'recovery',
  };
}

/** A pool goes up and down; it is stable again. */
export function flappingWording(alert: Flapping | FlappingResolved): Wording {
  const { pool, standby, failovers } = alert;
  const lasted = duration(alert.lastedMs);
  if (alert.kind === 'flapping') {
    return {
      headline: `Flapping: ${pool} has failed over ${failovers} times in ${lasted}`,
      summary:
        `${capital(standby)} answers whenever ${pool} does not: visitors are served. ` +
        `Further changes are counted; the next alert is sent when nothing has changed for ${duration(stableForMs)}.`,
      facts: fact('Cause', alert.cause),
      tone: 'warning',
      anchor: 'flapping',
    };
  }
  const isStable = alert.serving === pool;
  return {
    headline: isStable
      ? `Flapping resolved: ${pool} (active) is stable`
      : `Flapping resolved: ${pool} stays down, ${standby} (standby) serves`,
    summary: `No change for ${duration(alert.stableMs)}.${isStable ? '' : ' There is nothing to fail over to.'}`,
    facts: [
      serving(alert.serving),
      note('Lasted', lasted),
      note('Figures', `${failovers} failovers; ${standby} served ${requests(alert.served)}`),
    ],
    tone: isStable ? 'good' : 'warning',
    anchor: 'flapping-resolved',
  };
}

/** No pool can serve; one can again. */
export function outageWording(alert: Outage | OutageResolved): Wording {
  if (alert.kind === 'outage') {
    if (alert.shownBy === 'health-checks') {
      return {
        headline: 'Both pools fail their health checks; no request has shown an outage yet',
        summary: 'The edge keeps trying them: visitors may be served. An alert is sent when a request fails on both.',
        facts: causeFacts(alert.causes),
        tone: 'warning',
        anchor: 'both-pools-unhealthy',
      };
    }
    return {
      headline: 'Outage: no pool can serve requests',
      summary: 'The last requests failed on every pool: visitors see errors.',
      facts: [note('Now serving', 'nobody'), ...causeFacts(alert.causes), ...fact('Upstream', alert.upstream)],
      tone: 'bad',
      anchor: 'outage',
    };
  }
  const { pool, lastedMs, unserved } = alert;
  const who = pool === undefined ? '' : `: ${pool} can serve${unserved === 0 ? '' : ' again'}`;
  return {
    headline:
      unserved === 0
        ? `No outage seen${who}, after both pools failed their health checks for ${duration(lastedMs)}`
        : `Outage resolved${who} after ${duration(lastedMs)}`,
    summary: unserved === 0 ? 'No request was refused by both pools.' : `No pool could serve ${requests(unserved)}.`,
    facts: [...(pool === undefined ? [] : [serving(pool)]), note('Lasted', duration(lastedMs))],
    tone: 'good',
    anchor: 'outage-resolved',
  };
}

/** There is no healthy pool to fail over to; there is one again. */
export function standbyWording(alert: StandbyDown | StandbyResolved): Wording {
  if (alert.kind === 'standby-down') {
    return {
      headline: `Standby down: ${alert.pool}, nothing to fail over to`,
      summary: `${capital(alert.active)} serves. If it fails too, visitors see errors.`,
      facts: [
        serving(alert.active),
        ...fact('Cause', alert.cause === undefined ? undefined : `health check: ${alert.cause}`),
      ],
      tone: 'warning',
      anchor: 'standby-down',
    };
  }
  const isHealthy = alert.because === 'healthy';
  return {
    headline: isHealthy
      ? `Standby down resolved: ${alert.pool} is up again after ${duration(alert.lastedMs)}`
      : `${capital(alert.pool)} was made active though it fails its health checks`,
    summary: isHealthy
      ? 'There is a pool to fail over to again.'
      : 'It was the standby that was down. The edge prefers the other pool while that is healthy.',
    facts: [note('Lasted', duration(alert.lastedMs))],
    tone: isHealthy ? 'good' : 'warning',
    anchor: 'standby-resolved',
  };
}

function causeFacts(causes: Causes): Fact[] {
  const spans = (['blue', 'green'] as const).flatMap((pool): Span[] => {
    const cause = causes[pool];
    return cause === undefined ? [] : [{ text: `${pool} ` }, { code: `health check: ${cause}` }, { text: ', ' }];
  });
  return spans.length === 0 ? [] : [{ label: 'Cause', spans: spans.slice(0, -1) }];
}
