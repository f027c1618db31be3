import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AlertKind } from '../../report/alert-kinds.ts';
import { Decisions, noon } from '../../test/decisions.ts';
import { generator } from '../../test/random.ts';
import { maxHeadersMs, maxServiceMs, type Phase, play, type World, type WorldPlan } from '../../test/world.ts';
import type { Alert } from '../alerts/alert.ts';
import type { Policy } from './state.ts';

// A failure prints the seed, the path and the smallest plan that still fails; put { seed, path } here to repeat it.
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
 * Without health checks, requests hang on a pool until it is back and fail then, so that nginx leaves it alone once more:
 * truly two failovers.
 */
const isOne = ({ fault, prober }: WorldPlan) => fault !== 'hangs' || prober;
const lasting = (min: number, max: number) => fc.integer({ min, max });
const well = (min: number, max: number): fc.Arbitrary<Phase> =>
  fc.record({ what: fc.constant('well' as const), lastsMs: lasting(min, max) });
const trouble: fc.Arbitrary<Phase> = fc.record({
  what: fc.constantFrom('active-down', 'standby-down', 'both-down', 'switch'),
  lastsMs: lasting(15_000, 25_000),
});

/** One thing at a time, each long enough to be seen and so far apart that the pool does not flap. */
const clearPlan: fc.Arbitrary<WorldPlan> = fc
  .array(fc.tuple(trouble, well(310_000, 320_000)), { minLength: 1, maxLength: 4 })
  .chain((pairs) =>
    fc.record({ ...chance, phases: fc.constant([{ what: 'well', lastsMs: 15_000 } as const, ...pairs.flat()]) }),
  )
  .filter(isOne);

/** Anything at any time. */
const wildPlan: fc.Arbitrary<WorldPlan> = fc.record({
  ...chance,
  gapMs: fc.integer({ min: 60, max: 3_000 }),
  phases: fc.array(
    fc.record({
      what: fc.constantFrom('well', 'well', 'active-down', 'active-down', 'standby-down', 'both-down', 'switch'),
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

/** What is told of the whole of it; `restartAt`: the share of moments at which the watcher is killed and started anew. */
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

/** Long after the end, when everything has become quiet. */
const later = noon + 6 * 3_600_000;

const about =
  (...wanted: readonly AlertKind[]) =>
  (alert: Alert) =>
    wanted.includes(alert.kind);
const kindsOf = (alerts: readonly Alert[]) => alerts.map(({ kind }) => kind);

describe('whatever happens', () => {
  it('one thing at a time is told as what it is, once, with its end, and in time', () => {
    fc.assert(
      fc.property(clearPlan, (plan) => {
        const world = play(plan);
        const sent = watch(world, { thresholdPercent: 100 }).sent();
        const expected = plan.phases.flatMap(({ what }): AlertKind[] => {
          if (what === 'active-down') return ['failover', 'recovery'];
          // Two pools that answer 500 live, unless their health checks say otherwise: that is an error rate.
          if (what === 'both-down') return plan.fault === 'errors' && !plan.prober ? [] : ['outage', 'outage-resolved'];
          return what === 'switch' ? ['switch'] : [];
        });
        const routing = sent.filter(about('failover', 'recovery', 'switch', 'flapping', 'outage', 'outage-resolved'));
        // When both are back, nginx leaves the active one alone for some seconds more: a failover of its own, or none.
        // What the health checks show first, a request makes sure: that is told once more.
        const besides = routing.filter((alert) => !isAfterOutage(alert, plan) && !('escalated' in alert));
        expect(kindsOf(besides)).toEqual(expected);
        for (const alert of besides) expectInTime(alert, world, 6_500);
        expectPaired(sent);
      }),
      options,
    );
  });

  it('no end is told without its beginning, none twice, and none of a beginning that was held back', () => {
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

  it('no failover is told while the pool was well, and no switch that nobody made', () => {
    fc.assert(
      fc.property(wildPlan, (plan) => {
        const world = play(plan);
        for (const alert of watch(world).sent()) expectInTime(alert, world, 13_000);
      }),
      { numRuns: 150 },
    );
  });

  it('a world in which nothing breaks is silent, however slow its requests and however early its visitors leave', () => {
    const phases = [{ what: 'well', lastsMs: 60_000 }] as const;
    fc.assert(
      fc.property(fc.record({ ...chance, phases: fc.constant(phases) }), (plan) => {
        expect(watch(play(plan), { sloPercent: 99.9 }).verdicts).toEqual([]);
      }),
      options,
    );
  });

  it('planned switches are told one by one, and are never failovers', () => {
    const steps = fc.array(fc.record({ what: fc.constant('switch' as const), lastsMs: lasting(3_000, 20_000) }), {
      minLength: 1,
      maxLength: 10,
    });
    const plan = steps.chain((phases) =>
      fc.record({
        ...chance,
        gapMs: fc.integer({ min: 40, max: 200 }),
        phases: fc.constant([{ what: 'well', lastsMs: 5_000 } as const, ...phases]),
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

  it('what the journal announces is told once each and in its order, however quick, and whatever breaks meanwhile', () => {
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

  it('previews change nothing, whatever breaks', () => {
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

  it('a pool that goes up and down is one incident, told with its totals', () => {
    const times = fc.array(fc.tuple(lasting(4_500, 9_000), lasting(9_000, 20_000)), { minLength: 3, maxLength: 9 });
    const plan = times
      .chain((cycles) => {
        const phases = cycles.flatMap(([down, up]): Phase[] => [
          { what: 'active-down', lastsMs: down },
          { what: 'well', lastsMs: up },
        ]);
        const start: Phase = { what: 'well', lastsMs: 5_000 };
        const end: Phase = { what: 'well', lastsMs: 330_000 };
        return fc.record({
          ...chance,
          gapMs: fc.integer({ min: 60, max: 200 }),
          phases: fc.constant([start, ...phases, end]),
        });
      })
      .filter(isOne);
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

  it('a restart at any moment changes nothing', () => {
    fc.assert(
      fc.property(wildPlan, policy, fc.constantFrom(0.02, 0.3, 1), fc.nat(), (plan, changes, share, seed) => {
        const world = play(plan);
        const without = watch(world, changes);
        const restarted = watch(world, changes, share, seed);
        expect(restarted.verdicts).toEqual(without.verdicts);
        // Compared as it would be written down: no more than that survives.
        expect(JSON.stringify(restarted.state)).toBe(JSON.stringify(without.state));
      }),
      { numRuns: 150 },
    );
  });

  it('what was held back is counted: told, or waiting to be', () => {
    fc.assert(
      fc.property(wildPlan, policy, (plan, changes) => {
        const decisions = watch(play(plan), { ...changes, maintenance: false });
        // Whatever is still open is told or over by then.
        decisions.tick(later);
        const { verdicts } = decisions;
        const sent = decisions.sent();
        const sentIncidents = new Set(sent.map(({ incident }) => incident));
        const silent = new Set(verdicts.map(({ alert }) => alert.incident).filter((id) => !sentIncidents.has(id)));
        const waiting = Object.values(decisions.state.gates).reduce(
          (sum, gate) => sum + (gate.heldBack?.count ?? 0),
          0,
        );
        const counted = sent.reduce((sum, alert) => sum + (alert.heldBack?.count ?? 0), 0);
        const stillOpen = decisions.openUntold();
        if (sent.some(about('flapping'))) expect(waiting + counted).toBeLessThanOrEqual(silent.size);
        else expect(waiting + counted).toBe(silent.size - stillOpen);
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
 * A failover is near a moment at which the pool was broken, a recovery near one at which it was not, a switch is true.
 * @param after nginx leaves a pool alone for 5 s after a failure, and a request that hung on both has failed 6 s later
 */
function expectInTime(alert: Alert, { broken, switches }: World, after: number): void {
  // A request that began before the pool broke can be the first that is rerouted.
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

/** Each beginning once, and once more where it becomes worse; each end once and after its beginning, nothing of a kind open twice. */
function expectPaired(sent: readonly Alert[]): void {
  const ends: { readonly [kind in AlertKind]?: readonly AlertKind[] } = {
    recovery: ['failover', 'flapping-resolved'],
    'flapping-resolved': ['flapping'],
    'error-rate-resolved': ['error-rate'],
    'burn-rate-resolved': ['burn-rate'],
    'outage-resolved': ['outage'],
    'standby-resolved': ['standby-down'],
  };
  const seen = new Set<string>();
  const open = new Set<AlertKind>();
  for (const alert of sent) {
    const isWorse = 'escalated' in alert;
    const key = `${alert.kind} ${alert.incident}${isWorse ? ' escalated' : ''}`;
    expect(seen.has(key), `${key} twice`).toBe(false);
    const beginnings = ends[alert.kind];
    if (isWorse) {
      expect(open.has(alert.kind), `${key} without its beginning`).toBe(true);
    } else if (beginnings !== undefined) {
      const begun = beginnings.some((kind) => seen.has(`${kind} ${alert.incident}`));
      expect(begun, `${key} without its beginning`).toBe(true);
      for (const kind of beginnings) open.delete(kind);
    } else {
      expect(open.has(alert.kind), `${key} while one is open`).toBe(false);
      if (alert.kind !== 'switch') open.add(alert.kind);
      // It ends what was open.
      if (alert.kind === 'switch' && alert.ended !== undefined) {
        open.delete(alert.ended.failovers === undefined ? 'failover' : 'flapping');
      }
    }
    seen.add(key);
  }
}
