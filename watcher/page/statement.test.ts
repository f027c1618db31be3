import { describe, expect, it } from 'vitest';
import { failover } from '../../test/sample-alerts.ts';
import { newState, type State } from '../rules/state.ts';
import { problemsOf, type Standing, statementOf } from './statement.ts';

const nowMs = Date.UTC(2025, 10, 23, 3, 12);
const policy = { windowSize: 200, thresholdPercent: 2, cooldownMs: 0, maintenance: false };
const incident = { id: '1123-0312-1', atMs: nowMs - 60_000, announced: true, held: false };
const down = { seenMs: nowMs - 5_000, cause: 'refused' };

/** No problems, except for the given changes. */
function standing(change: (state: State) => void = () => {}, more: Partial<Standing> = {}): Standing {
  const state = newState(policy);
  state.flags = { active: 'blue', blue: null, green: null };
  state.routing.active = 'blue';
  state.routing.serving = 'blue';
  change(state);
  const log = { state: 'reading', fault: null, catchingUp: false } as const;
  const nothing = {
    journalFault: null,
    checkpointFault: null,
    pastFault: null,
    channels: [],
    certificates: [],
    certificatesSilentSinceMs: null,
  };
  const there = { edge: { state: 'there' }, prober: { state: 'there' } } as const;
  return { state, active: 'blue', log, lastEndMs: nowMs - 1_000, ...there, ...nothing, nowMs, ...more };
}

const said = (one: Standing) => {
  const { tint, tone, word, sentence } = statementOf(one, problemsOf(one));
  return `${tint}, ${tone}: ${word} ${sentence}`;
};
const problems = (one: Standing) => problemsOf(one).map(({ tone, text, detail }) => `${tone}: ${text} (${detail})`);
const failOver = (state: State) => {
  state.routing.failover = { ...incident, alert: failover, lastReroutedMs: nowMs, served: 9 };
};
const breakDown = (state: State) => {
  const alert = {
    kind: 'outage',
    incident: incident.id,
    atMs: incident.atMs,
    shownBy: 'requests',
    causes: { blue: 'refused' },
  } as const;
  state.outage.open = { ...incident, alert, unserved: 3 };
};

describe('the statement', () => {
  it('names the active pool if there is no problem', () => {
    expect(said(standing())).toBe('blue, good: Blue serves.');
    expect(problems(standing())).toEqual([]);
  });

  it('names the pool that serves and the one that should', () => {
    expect(said(standing(failOver))).toBe('green, warning: Green serves for blue, which is active but fails.');
    expect(problems(standing(failOver))).toEqual(['warning: Failover: blue → green (refused or reset)']);
  });

  it('shows the worst: an unreadable log, then an outage, then the maintenance page, then a failover', () => {
    const all = (state: State) => {
      failOver(state);
      breakDown(state);
      state.operations.maintenance = { incident: 'm', sinceMs: nowMs, answered: 0, off: null };
      state.flags = { active: 'blue', blue: null, green: null, maintenance: true };
    };
    const blind = { state: 'failing', fault: 'EACCES', catchingUp: false } as const;
    expect(said(standing(all, { log: blind }))).toMatch(/^unknown, bad: Blind/);
    expect(said(standing(all))).toMatch(/^failing, bad: Outage/);
    const maintained = (state: State) => {
      all(state);
      state.outage.open = null;
    };
    expect(said(standing(maintained))).toMatch(/^maintenance, warning: Maintenance/);
  });

  it('is no outage if only health checks fail, and not red if visitors see no errors', () => {
    const unsure = (state: State) => {
      breakDown(state);
      const { open } = state.outage;
      if (open !== null) state.outage.open = { ...open, alert: { ...open.alert, shownBy: 'health-checks' } };
    };
    expect(said(standing(unsure))).toBe('blue, warning: Blue is tried first; both pools fail their health checks.');
    expect(problems(standing(unsure))).toEqual(['warning: Both pools fail their health checks (blue: refused)']);
    const errors = (masked: boolean) => (state: State) => {
      state.errorRate.open = { ...incident, masked };
    };
    expect(problems(standing(errors(true)))).toEqual([expect.stringMatching(/^warning: Error rate high.*see none/)]);
    expect(problems(standing(errors(false)))).toEqual([expect.stringMatching(/^bad: Error rate high/)]);
  });

  it('names the pool that the edge would try, if no request has shown the end of a failover', () => {
    const quiet = { lastEndMs: nowMs - 10_001 };
    expect(said(standing(failOver, quiet))).toBe(
      'blue, good: Blue is tried first again; no request has shown yet that it is healthy.',
    );
    expect(statementOf(standing(failOver, quiet), []).sinceMs).toBe(quiet.lastEndMs);
    expect(problems(standing(failOver, quiet))).toEqual([]);
    const stillDown = (state: State) => {
      failOver(state);
      state.flags = { active: 'blue', blue: down, green: null };
    };
    expect(said(standing(stillDown, quiet))).toMatch(/^green, warning: Green serves for blue/);
    expect(problems(standing(stillDown, quiet))).toEqual(['warning: Failover: blue → green (refused or reset)']);
    const unknown = (state: State) => {
      failOver(state);
      state.flags = null;
    };
    expect(said(standing(unknown, quiet))).toMatch(/^green, warning: Green serves for blue/);
  });

  it('names the standby as soon as the active pool is down, without a request', () => {
    const flagged = (state: State) => {
      state.flags = { active: 'blue', blue: down, green: null };
    };
    expect(said(standing(flagged))).toBe(
      'green, warning: Green is tried first, because blue is active but fails its health checks.',
    );
    expect(statementOf(standing(flagged), []).sinceMs).toBe(down.seenMs);
    const both = (state: State) => {
      state.flags = { active: 'blue', blue: down, green: down };
    };
    expect(said(standing(both))).toMatch(/^blue, warning: Blue serves/);
  });

  it('follows the flag for the maintenance page, not the journal', () => {
    const flagged = (state: State) => {
      state.flags = { active: 'blue', blue: null, green: null, maintenance: true };
    };
    expect(said(standing(flagged))).toBe('maintenance, warning: Maintenance Visitors get the maintenance page.');
    const journalled = (state: State) => {
      state.operations.maintenance = { incident: 'm', sinceMs: nowMs, answered: 0, off: null };
    };
    expect(said(standing(journalled))).toBe('blue, good: Blue serves.');
    const unflagged = (state: State) => {
      journalled(state);
      state.flags = null;
    };
    expect(said(standing(unflagged))).toMatch(/^maintenance/);
  });

  it('is an outage if the edge is gone, and a warning if the prober is gone', () => {
    const gone = { state: 'gone', sinceMs: nowMs - 4_000, why: 'ECONNREFUSED' } as const;
    expect(said(standing(undefined, { edge: gone }))).toBe(
      'failing, bad: Outage The edge does not answer: visitors reach nothing.',
    );
    expect(problems(standing(undefined, { edge: gone, prober: gone }))).toEqual([
      'bad: The edge does not answer (ECONNREFUSED)',
      'warning: No health checks: the prober does not answer (ECONNREFUSED)',
    ]);
    expect(said(standing(undefined, { prober: gone }))).toBe('blue, warning: Blue serves.');
    const unknown = { edge: { state: 'unknown' }, prober: { state: 'unknown' } } as const;
    expect(said(standing(undefined, unknown))).toBe('blue, good: Blue serves.');
  });

  it('says so if nothing is known', () => {
    const empty = standing((state) => Object.assign(state.routing, { active: null, serving: null }), { active: null });
    expect(said(empty)).toMatch(/^unknown, neutral: Waiting/);
  });

  it('reports a standby that is down, with the cause, unless a deploy is at work on it', () => {
    const unhealthy = (state: State) => {
      state.flags = { active: 'blue', blue: null, green: down };
    };
    expect(problems(standing(unhealthy))).toEqual([
      'warning: Standby green is unhealthy: there is nothing to fail over to (refused)',
    ]);
    expect(said(standing(unhealthy))).toBe('blue, warning: Blue serves.');
    const deployed = (state: State) => {
      unhealthy(state);
      state.operations.downtime = { pool: 'green', untilMs: nowMs + 1 };
    };
    expect(problems(standing(deployed))).toEqual([]);
  });

  it('lists problems of the watcher itself, worst first', () => {
    const channel = { name: 'slack', queued: 4, sent: 0, dropped: 0, lastError: 'status 410' };
    const own = standing(undefined, {
      journalFault: 'EACCES',
      checkpointFault: 'ENOSPC',
      pastFault: 'EROFS',
      channels: [
        { ...channel, state: 'closed' },
        { ...channel, name: 'webhook', state: 'retrying' },
      ],
    });
    expect(problems(own)).toEqual([
      'bad: Alerts are not delivered to slack: 4 waiting (status 410)',
      'warning: The journal cannot be read: operations are not reported (EACCES)',
      'warning: The watcher cannot save what it knows (ENOSPC)',
      'warning: The dashboard cannot save its charts (EROFS)',
      'warning: Alerts are not delivered to webhook: 4 waiting (status 410)',
    ]);
    expect(problems(standing((state) => Object.assign(state, { flags: null })))).toEqual([
      'warning: No health checks: the control directory cannot be seen (null)',
    ]);
  });

  it('has certificates that visitors or browsers refuse, and those that will be', () => {
    const certificate = {
      domain: 'shop.example',
      source: 'acme',
      issuer: '',
      notAfterMs: nowMs,
      state: 'failing',
      failures: 3,
      error: 'refused',
      nextAttemptMs: null,
    } as const;
    const certificates = [
      certificate,
      { ...certificate, domain: 'www.shop.example', state: 'expired' },
      { ...certificate, domain: 'new.example', state: 'pending' },
    ] as const;
    expect(problems(standing(undefined, { certificates, certificatesSilentSinceMs: nowMs - 900_000 }))).toEqual([
      'bad: Certificate of www.shop.example: expired: visitors get a warning (refused)',
      'warning: Certificate of shop.example: cannot be renewed (refused)',
      'warning: Nobody renews certificates: their service does not report (null)',
    ]);
  });
});
