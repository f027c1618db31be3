import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AlertKind } from '../../report/alert-kinds.ts';
import { Decisions, noon } from '../../test/decisions.ts';
import { generator } from '../../test/random.ts';
import { maxHeadersMs, maxServiceMs, type Phase, play, type World, type WorldPlan } from '../../test/world.ts';
import type { Alert } from '../alerts/alert.ts';
import type { Policy } from './state.ts';

// A failure prints the seed, the path and the smallest plan that still fails. To repeat it, put { seed, path } here.
const options = { numRuns: 60 } as const;

const fault = fc.constantFrom('refuses', 'errors', 'hangs');
const chance = {
  fault,
  prober: fc.boolean(),
  gapMs: fc.integer({ min: 40, max: 600 }),
  clockErrorMs: fc.integer({ min: 0, max: 8 }),
  journal: fc.boolean(),
  canaryShare: fc.constantFrom(0, 0.1),
  previewShare: fc.constantFrom(0, 0.1),
  seed: fc.integer({ min: 0, max: 0xffff_ffff }),
};
/**
 * Without health checks, requests hang on a pool until it is back and then fail, so nginx avoids the pool once more. Those are
 * two real failovers.
 */
const isOneFailover = ({ fault, prober }: WorldPlan) => fault !== 'hangs' || prober;
const lasting = (min: number, max: number) => fc.integer({ min, max });
const healthy = (min: number, max: number): fc.Arbitrary<Phase> =>
  fc.record({ what: fc.constant('healthy' as const), lastsMs: lasting(min, max) });
const trouble: fc.Arbitrary<Phase> = fc.record({
  what: fc.constantFrom('active-down', 'standby-down', 'both-down', 'switch'),
  lastsMs: lasting(15_000, 25_000),
});

/** One event at a time, each long enough to be detected and far enough from the next that the pool does not flap. */
const clearPlan: fc.Arbitrary<WorldPlan> = fc
  .array(fc.tuple(trouble, healthy(310_000, 320_000)), { minLength: 1, maxLength: 4 })
  .chain((pairs) =>
    fc.record({ ...chance, phases: fc.constant([{ what: 'healthy', lastsMs: 15_000 } as const, ...pairs.flat()]) }),
  )
  .filter(isOneFailover);

/** Anything at any time. */
const wildPlan: fc.Arbitrary<WorldPlan> = fc.record({
  ...chance,
  gapMs: fc.integer({ min: 60, max: 3_000 }),
  phases: fc.array(
    fc.record({
      what: fc.constantFrom('healthy', 'healthy', 'active-down', 'active-down', 'standby-down', 'both-down', 'switch'),
      lastsMs: fc.oneof(lasting(1, 500), lasting(500, 12_000), lasting(12_000, 90_000)),
    }),
    { minLength: 1, maxLength: 10 },
  ),
});

const policy: fc.Arbitrary<Partial<Policy>> = fc.record({
  cooldownMs: fc.constantFrom(0, 5_000, 60_000, 300_000),
  windowSize: fc.constantFrom(10, 60, 200),
  thresholdPercent: fc.constantFrom(2, 20),
  maintenance: fc.constantFrom(false, false, false, true),
  sloPercent: fc.constantFrom(95, 99.9),
});

/**
 * Lets the rules watch a world.
 * @param restartShare the share of moments at which the watcher is killed and restarted
 */
function watch(world: World, changes: Partial<Policy> = {}, restartShare = 0, seed = 0): Decisions {
  const decisions = new Decisions(changes);
  const random = generator(seed);
  for (const happening of world.happenings) {
    if ('line' in happening) decisions.log(happening.line);
    else if ('record' in happening) decisions.record(happening.record);
    else decisions.tick(happening.atMs, happening.flags);
    if (restartShare > 0 && random() < restartShare) decisions.restart();
  }
  return decisions;
}

/** Long after the end, when nothing happens any more. */
const later = noon + 6 * 3_600_000;

const about =
  (...wanted: readonly AlertKind[]) =>
  (alert: Alert) =>
    wanted.includes(alert.kind);
const kindsOf = (alerts: readonly Alert[]) => alerts.map(({ kind }) => kind);

describe('the rules', () => {
  it('send each of several separate events once, in time, with its end', () => {
    fc.assert(
      fc.property(clearPlan, (plan) => {
        const world = play(plan);
        const sent = watch(world, { thresholdPercent: 100 }).sent();
        const expected = plan.phases.flatMap(({ what }): AlertKind[] => {
          if (what === 'active-down') return ['failover', 'recovery'];
          // Pools that answer 500 are up unless their health checks say otherwise. Then only the error rate shows it.
          if (what === 'both-down') return plan.fault === 'errors' && !plan.prober ? [] : ['outage', 'outage-resolved'];
          return what === 'switch' ? ['switch'] : [];
        });
        const routing = sent.filter(about('failover', 'recovery', 'switch', 'flapping', 'outage', 'outage-resolved'));
        // When both pools are back, nginx avoids the active one for some more seconds, which may be a failover of its own.
        // An outage that the health checks show first is sent again when a request confirms it.
        const besides = routing.filter((alert) => !isAfterOutage(alert, plan) && !('escalated' in alert));
        expect(kindsOf(besides)).toEqual(expected);
        for (const alert of besides) expectInTime(alert, world, 6_500);
        expectPaired(sent);
      }),
      options,
    );
  });

  it('never send an end without its beginning, twice, or if the beginning was held back', () => {
    fc.assert(
      fc.property(wildPlan, policy, (plan, changes) => {
        const decisions = watch(play(plan), changes);
        decisions.tick(later);
        decisions.tick(later + 60_000);
        if (changes.maintenance === true) {
          expect(decisions.sent().filter(about('failover', 'recovery', 'flapping', 'flapping-resolved'))).toEqual([]);
        }
        expectPaired(decisions.sent());
      }),
      { numRuns: 150 },
    );
  });

  it('never send a failover from a healthy pool, or a switch that nobody made', () => {
    fc.assert(
      fc.property(wildPlan, (plan) => {
        const world = play(plan);
        for (const alert of watch(world).sent()) expectInTime(alert, world, 13_000);
      }),
      { numRuns: 150 },
    );
  });

  it('send nothing while nothing breaks, however slow requests are and however early visitors leave', () => {
    const phases = [{ what: 'healthy', lastsMs: 60_000 }] as const;
    fc.assert(
      fc.property(fc.record({ ...chance, phases: fc.constant(phases) }), (plan) => {
        expect(watch(play(plan), { sloPercent: 99.9 }).verdicts).toEqual([]);
      }),
      options,
    );
  });

  it('send planned switches one by one, never as failovers', () => {
    const steps = fc.array(fc.record({ what: fc.constant('switch' as const), lastsMs: lasting(3_000, 20_000) }), {
      minLength: 1,
      maxLength: 10,
    });
    const plan = steps.chain((phases) =>
      fc.record({
        ...chance,
        gapMs: fc.integer({ min: 40, max: 200 }),
        phases: fc.constant([{ what: 'healthy', lastsMs: 5_000 } as const, ...phases]),
      }),
    );
    fc.assert(
      fc.property(plan, (one) => {
        const world = play(one);
        const sent = watch(world).sent();
        expect(sent.map((alert) => (alert.kind === 'switch' ? alert.to : alert.kind))).toEqual(
          world.switches.map(({ to }) => to),
        );
        const operations = sent.map((alert) => alert.kind === 'switch' && alert.operation !== undefined);
        expect(operations).toEqual(world.switches.map(() => one.journal === true));
      }),
      options,
    );
  });

  it('send each switch in the journal once and in order, however fast they follow, and whatever breaks meanwhile', () => {
    fc.assert(
      fc.property(wildPlan, (plan) => {
        const world = play({ ...plan, journal: true, prober: true });
        const decisions = watch(world);
        const sent = decisions.sent().filter(about('switch'));
        expect(sent.map((alert) => alert.kind === 'switch' && alert.to)).toEqual(world.switches.map(({ to }) => to));
        expect(decisions.state.operations.expected).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  it('ignore previews, whatever breaks', () => {
    fc.assert(
      fc.property(wildPlan, policy, (plan, changes) => {
        const world = play({ ...plan, previewShare: 0.5 });
        const without = world.happenings.filter((one) => !('route' in one) || one.route !== 'preview');
        const decisions = watch(world, changes);
        const others = watch({ ...world, happenings: without }, changes);
        expect(decisions.verdicts).toEqual(others.verdicts);
        expect(JSON.stringify(decisions.state)).toBe(JSON.stringify(others.state));
      }),
      options,
    );
  });

  it('treat a pool that goes up and down as one incident, and send its totals', () => {
    const times = fc.array(fc.tuple(lasting(4_500, 9_000), lasting(9_000, 20_000)), { minLength: 3, maxLength: 9 });
    const plan = times
      .chain((cycles) => {
        const phases = cycles.flatMap(([down, up]): Phase[] => [
          { what: 'active-down', lastsMs: down },
          { what: 'healthy', lastsMs: up },
        ]);
        const start: Phase = { what: 'healthy', lastsMs: 5_000 };
        const end: Phase = { what: 'healthy', lastsMs: 330_000 };
        return fc.record({
          ...chance,
          gapMs: fc.integer({ min: 60, max: 200 }),
          phases: fc.constant([start, ...phases, end]),
        });
      })
      .filter(isOneFailover);
    fc.assert(
      fc.property(plan, (one) => {
        const world = play(one);
        const sent = watch(world, { thresholdPercent: 100 })
          .sent()
          .filter(({ kind }) => !kind.startsWith('standby'));
        expect(kindsOf(sent)).toEqual([
          ...['failover', 'recovery', 'failover', 'recovery'],
          ...['flapping', 'flapping-resolved'],
        ]);
        const [first, last] = [sent[0], sent.at(-1)];
        const served = world.happenings.filter((one) => 'line' in one && one.servedBy === 'green').length;
        expect(last).toMatchObject({ failovers: world.broken.blue.length, pool: 'blue', serving: 'blue' });
        expect(last?.kind === 'flapping-resolved' && last.served).toBeLessThanOrEqual(served);
        expect(last?.kind === 'flapping-resolved' && last.served).toBeGreaterThan(served * 0.8);
        expect(last?.kind === 'flapping-resolved' && last.lastedMs).toBeGreaterThan(
          (world.broken.blue.at(-1)?.fromMs ?? 0) - (first?.atMs ?? 0),
        );
      }),
      options,
    );
  });

  it('decide the same after a restart at any moment', () => {
    fc.assert(
      fc.property(wildPlan, policy, fc.constantFrom(0.02, 0.3, 1), fc.nat(), (plan, changes, share, seed) => {
        const world = play(plan);
        const without = watch(world, changes);
        const restarted = watch(world, changes, share, seed);
        expect(restarted.verdicts).toEqual(without.verdicts);
        // Compared as JSON, as only that survives a restart.
        expect(JSON.stringify(restarted.state)).toBe(JSON.stringify(without.state));
      }),
      { numRuns: 150 },
    );
  });

  it('count what is held back, and send the count', () => {
    fc.assert(
      fc.property(wildPlan, policy, (plan, changes) => {
        const decisions = watch(play(plan), { ...changes, maintenance: false });
        // By then, whatever is still open has been sent or has ended.
        decisions.tick(later);
        const { verdicts } = decisions;
        const sent = decisions.sent();
        const sentIncidents = new Set(sent.map(({ incident }) => incident));
        const unsent = new Set(verdicts.map(({ alert }) => alert.incident).filter((id) => !sentIncidents.has(id)));
        const waiting = Object.values(decisions.state.gates).reduce(
          (sum, gate) => sum + (gate.heldBack?.count ?? 0),
          0,
        );
        const counted = sent.reduce((sum, alert) => sum + (alert.heldBack?.count ?? 0), 0);
        const stillOpen = decisions.openUnsent();
        if (sent.some(about('flapping'))) expect(waiting + counted).toBeLessThanOrEqual(unsent.size);
        else expect(waiting + counted).toBe(unsent.size - stillOpen);
      }),
      { numRuns: 150 },
    );
  });
});

function isAfterOutage(alert: Alert, plan: WorldPlan): boolean {
  if (!about('failover', 'recovery')(alert)) return false;
  let atMs = noon;
  for (const { what, lastsMs } of plan.phases) {
    if (what === 'both-down' && alert.atMs >= atMs - maxServiceMs && alert.atMs <= atMs + lastsMs + 20_000) return true;
    atMs += lastsMs;
  }
  return false;
}

/**
 * Expects a failover close to a time at which the pool was broken, a recovery close to one at which it was not, and a switch
 * that was made.
 * @param after how long after the pool is back a failover may come, in milliseconds: nginx avoids a pool for 5 s after a
 * failure, and a request that hangs on both pools fails 6 s later
 */
function expectInTime(alert: Alert, { broken, switches }: World, after: number): void {
  // The first request that is rerouted may have begun before the pool broke.
  const before = maxHeadersMs + maxServiceMs;
  if (alert.kind === 'failover') {
    const near = broken[alert.from].some(
      ({ fromMs, untilMs }) => alert.atMs >= fromMs - before && alert.atMs <= untilMs + after,
    );
    expect(near, `failover at ${alert.atMs - noon}`).toBe(true);
  }
  if (alert.kind === 'recovery') {
    const inside = broken[alert.pool].some(
      ({ fromMs, untilMs }) => alert.atMs >= fromMs && alert.atMs <= untilMs - maxHeadersMs - 10,
    );
    expect(inside, `recovery at ${alert.atMs - noon}`).toBe(false);
  }
  if (alert.kind === 'switch') {
    const made = switches.some(({ atMs, to }) => to === alert.to && alert.atMs >= atMs - maxHeadersMs - 10);
    expect(made, `switch at ${alert.atMs - noon}`).toBe(true);
  }
}

/**
 * Expects each beginning once, and once more if it escalates; each end once and after its beginning; and at most one open
 * incident of a kind.
 */
function expectPaired(sent: readonly Alert[]): void {
  const ends: { readonly [kind in AlertKind]?: readonly AlertKind[] } = {
    recovery: ['failover', 'flapping-resolved'],
    'flapping-resolved': ['flapping'],
    'error-rate-resolved': ['error-rate'],
    'burn-rate-resolved': ['burn-rate'],
    'outage-resolved': ['outage'],
    'standby-resolved': ['standby-down'],
    'overload-resolved': ['overload'],
  };
  const seen = new Set<string>();
  const open = new Set<AlertKind>();
  for (const alert of sent) {
    const isEscalated = 'escalated' in alert;
    const key = `${alert.kind} ${alert.incident}${isEscalated ? ' escalated' : ''}`;
    expect(seen.has(key), `${key} twice`).toBe(false);
    const beginnings = ends[alert.kind];
    if (isEscalated) {
      expect(open.has(alert.kind), `${key} without its beginning`).toBe(true);
    } else if (beginnings !== undefined) {
      const begun = beginnings.some((kind) => seen.has(`${kind} ${alert.incident}`));
      expect(begun, `${key} without its beginning`).toBe(true);
      for (const kind of beginnings) open.delete(kind);
    } else {
      expect(open.has(alert.kind), `${key} while one is open`).toBe(false);
      if (alert.kind !== 'switch') open.add(alert.kind);
      // A switch ends the open incident.
      if (alert.kind === 'switch' && alert.ended !== undefined) {
        open.delete(alert.ended.failovers === undefined ? 'failover' : 'flapping');
      }
    }
    seen.add(key);
  }
}
