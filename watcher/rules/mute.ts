import type { Muted } from '../../journal/muted.ts';
import type { JournalRecord } from '../../journal/record.ts';
import type { Alert } from '../alerts/alert.ts';
import { phraseOf } from '../alerts/phrase.ts';
import type { DownFlags } from '../control/flags.ts';
import { beginIncident, sendNow, type Verdict } from './incident.ts';
import { ongoing } from './open-incidents.ts';
import type { OpenMute, Policy, State } from './state.ts';

/** A mute that ends later than this is a mistake or due to a clock that was set back. No mute may last forever. */
const maxMuteMs = 7 * 24 * 60 * 60_000;
/** People read the list. */
const maxEvents = 20;

const mutedPolicies = new WeakMap<Policy, Policy>();

/** The policy to apply now: while alerts are muted, it holds back everything. */
export function policyNow({ mute }: State, policy: Policy): Policy {
  if (mute.open === null) return policy;
  let muted = mutedPolicies.get(policy);
  if (muted === undefined) {
    muted = { ...policy, muted: true };
    mutedPolicies.set(policy, muted);
  }
  return muted;
}

/** Records the alerts that are held back while alerts are muted. */
export function withMuted(state: State, verdicts: readonly Verdict[]): readonly Verdict[] {
  if (state.mute.open === null) return verdicts;
  for (const { fate, alert } of verdicts) if (fate === 'hold') remember(state, alert);
  return verdicts;
}

/** Whether the flags begin, change or end a mute. */
export function hasMuteChanged(state: State, nowMs: number): boolean {
  const { flags, mute } = state;
  return flags !== null && (wantedMute(flags, nowMs)?.untilMs ?? null) !== (mute.open?.untilMs ?? null);
}

/** Begins, changes and ends a mute as the flags say. Sends an alert for each, which nothing holds back. */
export function muteTick(state: State, nowMs: number, policy: Policy): readonly Verdict[] {
  const { mute, flags } = state;
  const { open } = mute;
  const wanted = wantedMute(flags, nowMs);
  if (open === null) return wanted === undefined ? [] : [sendNow(begin(state, wanted, nowMs), policy)];
  if (wanted === undefined) {
    // Without the control directory, only the planned end is known.
    const hasEnded = flags !== null || !holds(open.untilMs, nowMs);
    return hasEnded ? [sendNow(end(state, open, nowMs), policy)] : [];
  }
  const { untilMs, actor } = wanted;
  const { incident, untilMs: insteadOfMs } = open;
  if (untilMs === insteadOfMs) return [];
  mute.open = { ...open, untilMs, actor };
  return [sendNow({ kind: 'muted', incident, atMs: nowMs, actor, untilMs, insteadOfMs, ongoing: [] }, policy)];
}

/** The flags as they were after a journal record, for the time in which the watcher was not running. */
export function flagsAfter(flags: DownFlags | null, record: JournalRecord): DownFlags | null {
  if (flags === null) return flags;
  const { muted: _, ...rest } = flags;
  if (record.kind === 'unmute') return rest;
  if (record.kind !== 'mute') return flags;
  const { atMs, untilMs, actor } = record;
  return { ...rest, muted: { sinceMs: atMs, untilMs, actor } };
}

function wantedMute(flags: DownFlags | null, nowMs: number): Muted | undefined {
  return flags?.muted !== undefined && holds(flags.muted.untilMs, nowMs) ? flags.muted : undefined;
}

function holds(untilMs: number, nowMs: number): boolean {
  return untilMs > nowMs && untilMs - nowMs <= maxMuteMs;
}

function begin(state: State, { sinceMs, untilMs, actor }: Muted, nowMs: number): Alert {
  const atMs = Math.min(sinceMs, nowMs);
  const incident = beginIncident(state, atMs).id;
  const heldBefore = Object.fromEntries(
    Object.entries(state.gates).flatMap(([key, { heldBack }]) => (heldBack === null ? [] : [[key, heldBack]])),
  );
  state.mute.open = { incident, sinceMs: atMs, untilMs, actor, events: [], more: 0, heldBefore };
  return { kind: 'muted', incident, atMs, actor, untilMs, ongoing: ongoing(state) };
}

function end(state: State, open: OpenMute, nowMs: number): Alert {
  const { incident, sinceMs, untilMs, events, more, heldBefore } = open;
  state.mute.open = null;
  for (const [key, gate] of Object.entries(state.gates)) gate.heldBack = heldBefore[key] ?? null;
  const toMs = Math.max(sinceMs, Math.min(nowMs, untilMs));
  const stillOpen = ongoing(state);
  return { kind: 'unmuted', incident, atMs: toMs, fromMs: sinceMs, toMs, events, more, stillOpen };
}

function remember({ mute, routing }: State, alert: Alert): void {
  const { open } = mute;
  if (open === null) return;
  // A switch has no end, and the list of events covers it.
  if (routing.switched?.id === alert.incident && alert.kind === 'switch') routing.switched.announced = true;
  const isFull = open.events.length >= maxEvents;
  const events = isFull ? open.events : [...open.events, { atMs: alert.atMs, what: phraseOf(alert) }];
  mute.open = { ...open, events, more: open.more + (isFull ? 1 : 0) };
}
