import type { RecordOf } from '../journal/record.ts';
import { otherPool, type Pool } from '../settings/pool.ts';
import type { DownFlags } from '../watcher/control/flags.ts';
import type { Route } from '../watcher/request/event.ts';
import { accessLine } from './access-lines.ts';
import { noon } from './decisions.ts';
import { switchRecord } from './journal-records.ts';
import { generator, type Random } from './random.ts';

/** How a pool fails: it refuses connections, answers 500, or does not answer. */
export type Fault = 'refuses' | 'errors' | 'hangs';

/** A period of time and which pools are broken in it. `switch` makes the other pool active. */
export interface Phase {
  readonly what: 'healthy' | 'active-down' | 'standby-down' | 'both-down' | 'switch';
  readonly lastsMs: number;
}

export interface WorldPlan {
  readonly phases: readonly Phase[];
  readonly fault: Fault;
  /** A prober sets down flags. */
  readonly prober: boolean;
  /** The longest time between two requests. */
  readonly gapMs: number;
  /** How far an nginx worker's clock can be behind, as it is updated once per turn of the event loop. */
  readonly clockErrorMs: number;
  /** Each switch is recorded in the journal just before it is made. */
  readonly journal?: boolean;
  /** The share of requests that try the standby first. */
  readonly canaryShare?: number;
  /** The share of requests that try only the standby. */
  readonly previewShare?: number;
  /** Determines everything else: when requests come, how long they take, which visitors leave early. */
  readonly seed: number;
}

/** A log line, a second that has passed, or a journal record, in the order in which the watcher sees them. */
export type Happening =
  | { readonly atMs: number; readonly line: string; readonly route: Route; readonly servedBy: Pool | undefined }
  | { readonly atMs: number; readonly flags: DownFlags | null }
  | { readonly atMs: number; readonly record: RecordOf<'switch'> };

interface Interval {
  readonly fromMs: number;
  readonly untilMs: number;
}

interface Change {
  readonly atMs: number;
  readonly to: Pool;
}

export interface World {
  readonly happenings: readonly Happening[];
  /** When each pool was really broken. */
  readonly broken: { readonly [pool in Pool]: readonly Interval[] };
  readonly switches: readonly Change[];
  readonly endMs: number;
}

/** The longest times a request takes to send its headers, and then to be answered by a healthy pool. */
export const maxHeadersMs = 2_000;
export const maxServiceMs = 4_000;
const connectMs = 1;
const readTimeoutMs = 3_000;
/** How long nginx avoids a pool after a failed attempt (`fail_timeout`). */
const failTimeoutMs = 5_000;
const flaggedAfterMs = 600;
const unflaggedAfterMs = 800;
const address = { blue: '172.31.240.11:3000', green: '172.31.240.12:3000' } as const;

interface Attempt {
  readonly pool: Pool;
  readonly status: number;
  readonly endMs: number;
  readonly silent: boolean;
  readonly retry: boolean;
  /** Set if no pool was left to try: nginx then logs the name of the upstream group instead of an address. */
  readonly group?: string;
}

/** Plays a plan: an edge with two workers and two pools. Follows the rules of the edge and knows none of the watcher's. */
export function play(plan: WorldPlan): World {
  const random = generator(plan.seed);
  const { broken, switches, endMs } = truthOf(plan);
  const activeAt = (atMs: number) => switches.findLast((change) => change.atMs <= atMs)?.to ?? 'blue';
  const flagAt = (pool: Pool, atMs: number) =>
    plan.prober
      ? broken[pool].find(
          ({ fromMs, untilMs }) =>
            untilMs - fromMs > flaggedAfterMs && fromMs + flaggedAfterMs <= atMs && atMs < untilMs + unflaggedAfterMs,
        )
      : undefined;

  const answer = (pool: Pool, atMs: number, serviceMs: number): Attempt => {
    const isDown = broken[pool].some(({ fromMs, untilMs }) => fromMs <= atMs && atMs < untilMs);
    if (isDown) {
      if (plan.fault === 'errors') return { pool, status: 500, endMs: atMs + 2, silent: false, retry: true };
      if (plan.fault === 'refuses') return { pool, status: 502, endMs: atMs + connectMs, silent: true, retry: true };
      return { pool, status: 504, endMs: atMs + readTimeoutMs, silent: true, retry: true };
    }
    const breaks = broken[pool].find(({ fromMs }) => atMs < fromMs && fromMs < atMs + serviceMs);
    if (breaks !== undefined && plan.fault === 'refuses') {
      return { pool, status: 502, endMs: breaks.fromMs, silent: true, retry: true };
    }
    if (breaks !== undefined && plan.fault === 'hangs') {
      return { pool, status: 504, endMs: Math.max(breaks.fromMs, atMs + readTimeoutMs), silent: true, retry: true };
    }
    return { pool, status: 200, endMs: atMs + serviceMs, silent: false, retry: false };
  };

  // Requests are frequent around a change and rare otherwise, when nothing happens.
  const changes = [...broken.blue, ...broken.green].flatMap(({ fromMs, untilMs }) => [fromMs, untilMs]);
  changes.push(...switches.map(({ atMs }) => atMs));
  const gapAt = (atMs: number) =>
    changes.some((change) => atMs > change - 3_000 && atMs < change + 7_000) ? plan.gapMs : Math.max(plan.gapMs, 1_500);

  /** When attempts on the first pool of a group failed. */
  const failures: { readonly [first in Pool]: number[] } = { blue: [], green: [] };
  const lines: Extract<Happening, { line: string }>[] = [];
  for (let startMs = noon; startMs < endMs; startMs += 1 + Math.floor(random() * gapAt(startMs))) {
    const headersMs = random() < 0.03 ? Math.floor(random() * maxHeadersMs) : 0;
    const serviceMs = 1 + Math.floor(random() * (random() < 0.08 ? maxServiceMs - 1 : 20));
    const isPost = random() < 0.1;
    const patienceMs = random() < 0.1 ? Math.floor(random() * 1_500) : Number.POSITIVE_INFINITY;
    const routedMs = startMs + headersMs;
    const active = activeAt(routedMs);
    const standby = otherPool(active);
    const route = routeOf(random(), plan);
    const prefersStandby = flagAt(active, routedMs) !== undefined && flagAt(standby, routedMs) === undefined;
    const avoidsStandby = flagAt(standby, routedMs) !== undefined && flagAt(active, routedMs) === undefined;
    const first = route === 'preview' || (route === 'canary' ? !avoidsStandby : prefersStandby) ? standby : active;
    // The upstream group of previews has no backup, so nginx never avoids its pool.
    const isAvoided =
      !plan.prober &&
      route !== 'preview' &&
      failures[first].some((failedMs) => failedMs <= routedMs && routedMs < failedMs + failTimeoutMs);
    const attempts: Attempt[] = [];
    const one = answer(isAvoided ? otherPool(first) : first, routedMs, serviceMs);
    attempts.push(one);
    // nginx does not retry a request that has been sent and is not idempotent.
    const isRetryable = !isPost || (plan.fault === 'refuses' && one.endMs === routedMs + connectMs);
    if (route === 'preview') {
      // Previews are not retried.
    } else if (one.retry && !isAvoided) {
      failures[first].push(one.endMs);
      if (isRetryable) attempts.push(answer(otherPool(first), one.endMs, serviceMs));
    } else if (one.retry && isRetryable) {
      const group = `${first}_first`;
      attempts.push({ pool: first, status: 502, endMs: one.endMs, silent: true, retry: false, group });
    }
    const errorMs = plan.clockErrorMs;
    lines.push(logged(attempts, { startMs, routedMs, patienceMs, active, route, isPost, errorMs, random }));
  }
  const ticks: Happening[] = [];
  for (let atMs = noon; atMs <= endMs + 30_000; atMs += 1_000) {
    const flag = (pool: Pool) => {
      const interval = flagAt(pool, atMs);
      return interval === undefined ? null : { seenMs: Math.ceil((interval.fromMs + flaggedAfterMs) / 1_000) * 1_000 };
    };
    const flags = { active: activeAt(atMs), blue: flag('blue'), green: flag('green'), guarded: true } as const;
    ticks.push({ atMs, flags: plan.prober ? flags : null });
  }
  const records = switches.map(({ atMs, to }): Happening => ({ atMs, record: switchRecord(to, atMs) }));
  const happenings = [...(plan.journal ? records : []), ...ticks, ...lines].sort((a, b) => a.atMs - b.atMs);
  return { happenings, broken, switches, endMs };
}

function routeOf(chance: number, { canaryShare = 0, previewShare = 0 }: WorldPlan): Route {
  if (chance < canaryShare) return 'canary';
  return chance < canaryShare + previewShare ? 'preview' : 'public';
}

function truthOf({ phases }: WorldPlan): Omit<World, 'happenings'> {
  const broken: { [pool in Pool]: Interval[] } = { blue: [], green: [] };
  const switches: Change[] = [];
  let active: Pool = 'blue';
  let atMs = noon;
  for (const { what, lastsMs } of phases) {
    const interval = { fromMs: atMs, untilMs: atMs + lastsMs };
    if (what === 'switch') {
      active = otherPool(active);
      switches.push({ atMs, to: active });
    }
    if (what === 'active-down' || what === 'both-down') broken[active].push(interval);
    if (what === 'standby-down' || what === 'both-down') broken[otherPool(active)].push(interval);
    atMs += lastsMs;
  }
  return { broken, switches, endMs: atMs };
}

interface Request {
  readonly startMs: number;
  readonly routedMs: number;
  /** The visitor leaves if no answer has come by then. */
  readonly patienceMs: number;
  readonly active: Pool;
  readonly route: Route;
  readonly isPost: boolean;
  readonly errorMs: number;
  readonly random: Random;
}

function logged(all: readonly Attempt[], request: Request): Extract<Happening, { line: string }> {
  const { startMs, routedMs, random } = request;
  const leavesMs = startMs + request.patienceMs;
  const beganMs = (index: number) => (index === 0 ? routedMs : (all[index - 1]?.endMs ?? routedMs));
  const attempts = all.filter((_, index) => index === 0 || beganMs(index) < leavesMs);
  const last = attempts[attempts.length - 1] ?? all[0];
  if (last === undefined) throw new Error('a request has at least one attempt');
  const hasLeft = leavesMs < last.endMs && leavesMs > routedMs;
  const endMs = hasLeft ? leavesMs : last.endMs;
  const isUnfinished = (index: number) => hasLeft && index === attempts.length - 1;
  // nginx takes the start and the end of a request from a clock that stands still between two turns of its event loop.
  const loggedStart = startMs - Math.floor(random() * (request.errorMs + 1));
  const loggedEnd = Math.max(loggedStart, endMs - Math.floor(random() * (request.errorMs + 1)));
  const seconds = (ms: number) => (Math.max(0, ms) / 1_000).toFixed(3);
  const took = attempts.map((one, index) => seconds((isUnfinished(index) ? endMs : one.endMs) - beganMs(index)));
  const silent = attempts.map((one, index) => one.silent || isUnfinished(index));
  const answered = silent[attempts.length - 1] === false;
  const line = accessLine({
    active: request.active,
    route: request.route === 'public' ? '-' : request.route,
    pool: answered ? last.pool : '-',
    startMs: loggedStart,
    tookMs: loggedEnd - loggedStart,
    status: hasLeft ? 499 : last.status,
    method: request.isPost ? 'POST' : 'GET',
    upstreamStatus: attempts.map((one, index) => (isUnfinished(index) ? '-' : String(one.status))).join(', '),
    upstreamAddr: attempts.map((one) => one.group ?? address[one.pool]).join(', '),
    responseTime: took.join(', '),
    headerTime: took.map((time, index) => (silent[index] ? '-' : time)).join(', '),
    length: answered ? '57' : '0',
    contentLength: answered ? '57' : '-',
    completed: hasLeft ? '' : 'OK',
    release: answered ? `${last.pool}-release-1.0.0` : '-',
  });
  const isCounted = answered && request.route === 'public';
  return { atMs: endMs, line, servedBy: isCounted && last.status < 500 ? last.pool : undefined, route: request.route };
}
