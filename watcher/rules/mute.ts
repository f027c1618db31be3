import type { Muted } from '../../journal/muted.ts';
import type { JournalRecord } from '../../journal/record.ts';
import type { Alert } from '../alerts/alert.ts';
import { phraseOf } from '../alerts/phrase.ts';
import type { DownFlags } from '../control/flags.ts';
import { beginIncident, sendNow, type Verdict } from './incident.ts';
import { ongoing } from './open-incidents.ts';
import type { OpenMute, Policy, State } from './state.ts';

/** Further ahead, it is a mistake or a clock that was set back: nothing may silence alerts for good. */
const maxMuteMs = 7 * 24 * 60 * 60_000;
/** A list is to be read by a person. */
const maxEvents = 20;

const mutedPolicies = new WeakMap<Policy, Policy>();

/** The policy, under which while alerts are muted nothing is told. */
export function policyNow({ mute }: State, policy: Policy): Policy {
  if (mute.open === null) return policy;
  let muted = mutedPolicies.get(policy);
  if (muted === undefined) {
    muted = { ...policy, muted: true };
    mutedPolicies.set(policy, muted);
  }
  return muted;
}

/** Remembers what is held back while alerts are muted. */
export function withMuted(state: State, verdicts: readonly Verdict[]): readonly Verdict[] {
  if (state.mute.open === null) return verdicts;
  for (const { fate, alert } of verdicts) if (fate === 'hold') remember(state, alert);
  return verdicts;
}

/** Whether the control directory says something new about it. */
export function isMuteNews(state: State, nowMs: number): boolean {
  const { flags, mute } = state;
  return flags !== null && (wantedMute(flags, nowMs)?.untilMs ?? null) !== (mute.open?.untilMs ?? null);
}

/** Begins and ends it, and tells both, which nothing holds back. */
export function muteTick(state: State, nowMs: number, policy: Policy): readonly Verdict[] {
  const { mute, flags } = state;
  const { open } = mute;
  const wanted = wantedMute(flags, nowMs);
  if (open === null) return wanted === undefined ? [] : [sendNow(begin(state, wanted, nowMs), policy)];
  if (wanted === undefined) {
    // Without the control directory nothing is known but when it was to end.
    const isOver = flags !== null || !holds(open.untilMs, nowMs);
    return isOver ? [sendNow(end(state, open, nowMs), policy)] : [];
  }
  const { untilMs, actor } = wanted;
  const { incident, untilMs: insteadOfMs } = open;
  if (untilMs === insteadOfMs) return [];
  mute.open = { ...open, untilMs, actor };
  return [sendNow({ kind: 'muted', incident, atMs: nowMs, actor, untilMs, insteadOfMs, ongoing: [] }, policy)];
}

/** The flags as they were after a record, for the time in which nobody looked at them. */
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
  // It happens once, and the list tells it.
  if (routing.switched?.id === alert.incident && alert.kind === 'switch') routing.switched.announced = true;
  const isFull = open.events.length >= maxEvents;
  const events = isFull ? open.events : [...open.events, { atMs: alert.atMs, what: phraseOf(alert) }];
  mute.open = { ...open, events, more: open.more + (isFull ? 1 : 0) };
}
