import { otherPool, type Pool } from '../../settings/pool.ts';
import { isInnocent, isQuick, type Sample, type StrangeKind } from '../load/sample.ts';
import type { Allowance } from './allowance.ts';
import { type Figures, lateMs, nameOf } from './figures.ts';
import type { Moments } from './moments.ts';

/** What a scenario must meet. */
export interface Expectation {
  /** Which pool must serve: the standby from the detection on, or the active pool throughout. Undefined if either may. */
  readonly servedBy?: 'standby' | 'active';
  readonly allowances: readonly Allowance[];
  /** How many quick requests may exceed half a second, all due before the detection. Undefined for ten at any time. */
  readonly mostLate?: number;
  /** The requests that a stranger must have sent. */
  readonly strange?: readonly StrangeKind[];
  /** The least share of the requests that `servedBy` must serve; undefined: 0.95. */
  readonly leastShare?: number;
}

/** Failures that could not be avoided. */
export interface Excused {
  readonly what: string;
  readonly why: string;
  readonly count: number;
  readonly most: number;
}

export interface Verdict {
  readonly excused: readonly Excused[];
  /** Violated expectations, in words; empty if the scenario is proved. */
  readonly faults: readonly string[];
}

const defaultLeastShare = 0.95;
/** Late requests on a busy machine even if nothing hangs: at 400 requests/s, a stall of half a second and 25 ms. */
const strayLate = 10;

export function verdictOf(
  samples: readonly Sample[],
  moments: Moments,
  figures: Figures,
  expectation: Expectation,
  active: Pool,
): Verdict {
  const innocent = samples.filter(isInnocent);
  const failed = innocent.filter(({ failure }) => failure !== undefined);
  const { allowances, mostLate } = expectation;
  const covering = Map.groupBy(failed, (sample) =>
    sample.endedAt < moments.brokenAt ? undefined : allowances.find((one) => one.covers(sample, moments)),
  );
  const excused = allowances.map((one) => ({
    what: one.what,
    why: one.why,
    count: covering.get(one)?.length ?? 0,
    most: Math.ceil(one.most(moments)),
  }));
  const baseline = innocent.filter(({ endedAt }) => endedAt < moments.brokenAt);
  return {
    excused: excused.filter(({ count }) => count > 0),
    faults: [
      ...baselineFaults(baseline, active),
      ...failuresAsFaults(covering.get(undefined) ?? [], moments),
      ...excused.filter(({ count, most }) => count > most).map(tooMany),
      ...lateFaults(figures, mostLate),
      ...servingFaults(innocent, moments, expectation, active),
      ...strangeFaults(samples, moments, expectation),
    ],
  };
}

function tooMany({ what, count, most }: Excused): string {
  return `${what}: ${count} failed, at most ${most} allowed`;
}

function baselineFaults(baseline: readonly Sample[], active: Pool): string[] {
  const wrong = baseline.filter(({ pool }) => pool !== undefined && pool !== active).length;
  return [
    ...(baseline.length === 0 ? ['no request was answered before the fault'] : []),
    ...(wrong > 0 ? [`before the fault, ${wrong} requests were not served by ${active}`] : []),
  ];
}

/** One line for each kind of failure, with the span of time in which the requests were due. */
function failuresAsFaults(failed: readonly Sample[], { brokenAt }: Moments): string[] {
  return [...Map.groupBy(failed, nameOf)].map(([name, samples]) => {
    const dues = samples.map(({ dueAt }) => Math.round(dueAt - brokenAt));
    const [first, last] = [Math.min(...dues), Math.max(...dues)];
    const when = first === last ? `${first} ms` : `${first} to ${last} ms`;
    return `${name}, ${samples.length} times, due ${when} after the fault: avoidable`;
  });
}

function lateFaults({ late, lateOnceDetected }: Figures, mostLate: number | undefined): string[] {
  const most = Math.ceil(mostLate ?? strayLate);
  return [
    ...(late > most ? [`requests over ${lateMs} ms: ${late}, at most ${most} allowed`] : []),
    ...(mostLate !== undefined && lateOnceDetected > 0
      ? [`requests over ${lateMs} ms after the fault was detected: ${lateOnceDetected}`]
      : []),
  ];
}

function servingFaults(
  innocent: readonly Sample[],
  { detectedBy, brokenAt, repairingAt }: Moments,
  { servedBy, leastShare = defaultLeastShare }: Expectation,
  active: Pool,
): string[] {
  if (servedBy === undefined) return [];
  const wanted = servedBy === 'active' ? active : otherPool(active);
  const since = servedBy === 'active' ? brokenAt : detectedBy;
  const meanwhile = innocent.filter((sample) => isQuick(sample) && sample.dueAt > since && sample.dueAt < repairingAt);
  const named = meanwhile.filter(({ pool }) => pool !== undefined);
  // Apps other than the demo app need not name their pool.
  const saysPool = innocent.some(({ pool }) => pool !== undefined);
  if (meanwhile.length > 0 && !saysPool) return [];
  if (named.length === 0) return ['no request shows which pool served in that time'];
  const share = named.filter(({ pool }) => pool === wanted).length / named.length;
  return share >= leastShare
    ? []
    : [`only ${(share * 100).toFixed(2)}% of the requests in that time were served by ${wanted}`];
}

/** The requests of a stranger must do what they are for, because harmless ones prove nothing. */
function strangeFaults(samples: readonly Sample[], { repairingAt }: Moments, { strange = [] }: Expectation): string[] {
  return strange.flatMap((wanted) => {
    const sent = samples.filter(({ kind, dueAt }) => kind === wanted && dueAt < repairingAt);
    if (sent.length === 0) return [`no ${wanted} request was sent`];
    const others = sent.filter(({ failure }) => !actsAsMeant(wanted, failure)).length;
    return others === 0 ? [] : [`${others} of ${sent.length} ${wanted} requests did not act as meant`];
  });
}

/** A tardy request is answered by the pool that is asked last; the others fail wherever they are asked. */
function actsAsMeant(kind: StrangeKind, failure: Sample['failure']): boolean {
  return kind === 'tardy' ? failure === undefined : failure?.startsWith('status 5') === true;
}
