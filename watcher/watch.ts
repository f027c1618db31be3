import type { JournalRecord } from '../journal/record.ts';
import type { WatchHealth } from '../report/health.ts';
import type { Pool } from '../settings/pool.ts';
import { ControlDirectory } from './control/flags.ts';
import { Records } from './control/journal.ts';
import { parseLine, type RejectReason } from './request/parse.ts';
import { decideRecord, decideRequest, decideSwitches, decideTick } from './rules/decide.ts';
import { type WatchView, watchHealthOf } from './rules/health.ts';
import { beginIncident, type Verdict } from './rules/incident.ts';
import type { Listener } from './rules/listener.ts';
import { flagsAfter, hasMuteChanged } from './rules/mute.ts';
import { isOpen } from './rules/open-incidents.ts';
import { learn } from './rules/operations.ts';
import { newState, type Policy, type State, type WatchSnapshot } from './rules/state.ts';

/** Takes the log's lines and the passing of time, and passes on what follows from them. */
export class Watch implements WatchView {
  readonly #state: State;
  readonly #policy: Policy;
  readonly #control: ControlDirectory;
  readonly #listener: Listener;
  readonly #records: Records;
  readonly #rejects: Record<RejectReason | 'too-long' | 'undecided', number> = {
    empty: 0,
    malformed: 0,
    'duplicate-key': 0,
    'missing-field': 0,
    'bad-value': 0,
    'too-long': 0,
    undecided: 0,
  };
  #lines = 0;
  #heldBack = 0;
  #previews = 0;
  #recordsTaken = 0;
  #lastRecordMs = 0;
  #lastEndMs = 0;
  #lastTickMs = 0;
  #replaying = false;

  /** @param saved where an earlier watch had got to: it goes on from there, by the log's time until {@link goLive} */
  constructor(policy: Policy, control: ControlDirectory, listener: Listener, saved?: WatchSnapshot) {
    this.#state = saved?.state ?? newState(policy);
    this.#policy = policy;
    this.#control = control;
    this.#listener = listener;
    this.#records = new Records(control.directory);
    if (saved === undefined) return;
    this.#replaying = true;
    this.#lines = saved.lines;
    this.#heldBack = saved.heldBack;
    this.#previews = saved.previews;
    this.#lastEndMs = saved.lastEndMs;
    this.#lastTickMs = saved.lastTickMs;
    Object.assign(this.#rejects, saved.rejects);
  }

  /** @throws if the rules cannot go on from there, whatever the reason */
  static tryOut(saved: WatchSnapshot, policy: Policy): void {
    const ignore = () => {};
    const state = structuredClone(saved.state);
    const control = new ControlDirectory('', state.flags);
    const watch = new Watch(policy, control, { send: ignore, hold: ignore, fault: ignore }, { ...saved, state });
    watch.#passTimeTo(saved.lastTickMs + tickMs);
    watch.health();
  }

  get lines(): number {
    return this.#lines;
  }

  get lastEndMs(): number {
    return this.#lastEndMs;
  }

  /** Up to when all is known that lines and records tell. */
  get lastKnownMs(): number {
    return Math.max(this.#lastEndMs, this.#lastRecordMs);
  }

  /** How much has been taken: lines and records. */
  get taken(): number {
    return this.#lines + this.#recordsTaken;
  }

  /** Not a copy: to be written down before the next step. */
  snapshot(): WatchSnapshot {
    return {
      state: this.#state,
      lines: this.#lines,
      rejects: this.#rejects,
      heldBack: this.#heldBack,
      previews: this.#previews,
      lastEndMs: this.#lastEndMs,
      lastTickMs: this.#lastTickMs,
    };
  }

  /** From now on time is the clock's, and the flags are those of now. What was missed ends with what they show. */
  goLive(nowMs: number): void {
    if (!this.#replaying) return;
    this.#takeRecords(nowMs);
    for (let record = this.#records.next(); record !== undefined; record = this.#records.next()) {
      this.#take(record, record.atMs);
    }
    this.#replaying = false;
    this.#pass(decideSwitches(this.#state, this.#control.read(nowMs), nowMs, this.#policy));
  }

  /** An id for what is no incident of the log. */
  nextIncident(atMs: number): string {
    return beginIncident(this.#state, atMs).id;
  }

  readonly line = (bytes: Buffer, from: number, to: number): void => {
    this.#lines++;
    const event = parseLine(bytes, from, to);
    if (typeof event === 'string') {
      this.#rejects[event]++;
      return;
    }
    // The record of a switch is there before the first request that it explains.
    const { active } = event;
    const { journal, routing } = this.#state;
    if (active !== undefined && active !== routing.active && journal !== null) this.#takeRecords(Date.now());
    if (this.#replaying) this.#replayTo(event.endMs);
    this.#lastEndMs = event.endMs;
    if (event.route === 'preview') this.#previews++;
    else this.#listener.request?.(event);
    let verdicts: readonly Verdict[];
    try {
      verdicts = decideRequest(this.#state, event, this.#policy);
    } catch (error) {
      // To end here would be to meet the same line again after every restart.
      this.#rejects.undecided++;
      this.#listener.fault(error);
      return;
    }
    this.#pass(verdicts);
  };

  readonly tooLong = (): void => {
    this.#lines++;
    this.#rejects['too-long']++;
  };

  /**
   * To be called before lines are read: a request is routed by the flags, so the flags that explain a line are there
   * before the line is.
   */
  readonly beforeLines = (nowMs: number): void => {
    if (this.#replaying) {
      this.#takeRecords(nowMs);
      return;
    }
    this.#state.flags = this.#control.read(nowMs);
    // After the flags, so that the record of a change is there when the change is.
    this.#takeRecords(nowMs);
    // Either way, as the clock can be set back.
    if (Math.abs(nowMs - this.#lastTickMs) < tickMs && !hasMuteChanged(this.#state, nowMs)) return;
    this.#lastTickMs = nowMs;
    this.#pass(decideTick(this.#state, this.#state.flags, nowMs, this.#policy));
  };

  /** The active colour: as the log tells it, or the flags where it has told nothing yet. */
  get active(): Pool | null {
    return this.#state.routing.active ?? this.#state.flags?.active ?? null;
  }

  /** Failovers and switches since the first start. Not a copy. */
  get transitions(): Pick<State['routing'], 'failovers' | 'switches'> {
    return this.#state.routing;
  }

  /** What is wrong with the journal. */
  get journal(): WatchHealth['journal'] {
    return { rejects: this.#records.rejects, fault: this.#records.fault };
  }

  isOpen(incident: string): boolean {
    return isOpen(this.#state, incident);
  }

  /** The watch's own part of the health report. */
  health(): WatchHealth {
    return watchHealthOf(this.#state, { ...this.snapshot(), journal: this.journal }, this.#policy);
  }

  /** Looks at the journal; in a replay its records wait for the lines before them. */
  #takeRecords(nowMs: number): void {
    const state = this.#state;
    if (state.journal === null) {
      const { earlier, seen } = this.#records.begin(nowMs);
      state.journal = seen;
      for (const record of earlier) learn(state, record, nowMs);
    }
    this.#records.look(state.journal);
    if (this.#replaying) return;
    for (let record = this.#records.next(); record !== undefined; record = this.#records.next()) {
      this.#take(record, nowMs);
    }
  }

  #take(record: JournalRecord, nowMs: number): void {
    const state = this.#state;
    this.#recordsTaken++;
    this.#lastRecordMs = record.atMs;
    state.journal = { id: record.id, atMs: record.atMs };
    if (this.#replaying) state.flags = flagsAfter(state.flags, record);
    this.#pass(decideRecord(state, record, nowMs, this.#policy));
  }

  #replayTo(atMs: number): void {
    for (let record = this.#records.next(atMs); record !== undefined; record = this.#records.next(atMs)) {
      this.#passTimeTo(record.atMs);
      this.#take(record, record.atMs);
    }
    this.#passTimeTo(atMs);
  }

  /** Time passes in the log alone, and in steps: what a cooldown or a calm held back belongs to its own moment. */
  #passTimeTo(atMs: number): void {
    for (const nowMs of ticksUpTo(atMs, this.#lastTickMs)) {
      this.#lastTickMs = nowMs;
      this.#pass(decideTick(this.#state, this.#state.flags, nowMs, this.#policy));
    }
  }

  #pass(verdicts: readonly Verdict[]): void {
    for (const verdict of verdicts) {
      if (verdict.fate === 'send') this.#listener.send(verdict.alert);
      else {
        this.#heldBack++;
        this.#listener.hold(verdict.alert, verdict.reason);
      }
    }
  }
}

/** A rule that waits for time to pass is looked at so often. */
export const tickMs = 250;
/** Ticks that are made up for a gap in the log. */
const maxTicksInGap = 1_000;

/** The moments at which the clock would have ticked since the last tick, where time is the log's. */
export function* ticksUpTo(atMs: number, lastTickMs: number): Generator<number> {
  const gapMs = atMs - lastTickMs;
  if (Math.abs(gapMs) < tickMs) return;
  // The clock was set back meanwhile, or there was no tick yet.
  const fromMs = gapMs < 0 || lastTickMs === 0 ? atMs - tickMs : lastTickMs;
  const stepMs = Math.max(tickMs, (atMs - fromMs) / maxTicksInGap);
  for (let nowMs = fromMs + stepMs; nowMs <= atMs; nowMs += stepMs) yield nowMs;
}
