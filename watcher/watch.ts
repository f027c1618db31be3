import type { JournalRecord } from '../journal/record.ts';
import type { WatchHealth } from '../report/health.ts';
import type { Pool } from '../settings/pool.ts';
import { CertificatesFile, type KnownCertificates } from './control/certificates.ts';
import { ControlDirectory } from './control/flags.ts';
import { Records } from './control/journal.ts';
import type { AccessEvent } from './request/event.ts';
import { wasDiverted } from './request/observe.ts';
import { parseLine, type RejectReason } from './request/parse.ts';
import { decideCertificates, decideRecord, decideRequest, decideSwitches, decideTick } from './rules/decide.ts';
import { type WatchView, watchHealthOf } from './rules/health.ts';
import { beginIncident, type Verdict } from './rules/incident.ts';
import type { Listener } from './rules/listener.ts';
import { flagsAfter, hasMuteChanged } from './rules/mute.ts';
import { isOpen } from './rules/open-incidents.ts';
import { learn } from './rules/operations.ts';
import { newState, type Policy, type State, type WatchSnapshot } from './rules/state.ts';

/** Feeds log lines, journal records and the passing of time to the rules, and passes on their verdicts. */
export class Watch implements WatchView {
  readonly #state: State;
  readonly #policy: Policy;
  readonly #control: ControlDirectory;
  readonly #certificates: CertificatesFile;
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

  /** @param saved the state of an earlier watch to continue from, in the log's time until {@link goLive} */
  constructor(
    policy: Policy,
    control: ControlDirectory,
    listener: Listener,
    saved?: WatchSnapshot,
    certificates = new CertificatesFile('', []),
  ) {
    this.#state = saved?.state ?? newState(policy);
    this.#policy = policy;
    this.#control = control;
    this.#certificates = certificates;
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

  /** @throws if the rules cannot continue from a saved state */
  static validate(saved: WatchSnapshot, policy: Policy): void {
    const ignore = () => {};
    const state = structuredClone(saved.state);
    const control = new ControlDirectory('', state.flags);
    const watch = new Watch(policy, control, { send: ignore, hold: ignore, fault: ignore }, { ...saved, state });
    watch.#passTimeTo(saved.lastTickMs + tickMs);
    decideCertificates(state, watch.certificates, saved.lastTickMs + tickMs, policy);
    watch.health();
  }

  get lines(): number {
    return this.#lines;
  }

  get lastEndMs(): number {
    return this.#lastEndMs;
  }

  /** The time of the last line or record. */
  get lastKnownMs(): number {
    return Math.max(this.#lastEndMs, this.#lastRecordMs);
  }

  /** The number of lines and records taken. */
  get taken(): number {
    return this.#lines + this.#recordsTaken;
  }

  /** Not a copy: write it to disk before the next step. */
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

  /** Ends the replay of what was missed, with the switches that the flags show. From now on, time is the clock's. */
  goLive(nowMs: number): void {
    if (!this.#replaying) return;
    this.#takeRecords(nowMs);
    for (let record = this.#records.next(); record !== undefined; record = this.#records.next()) {
      this.#take(record, record.atMs);
    }
    this.#replaying = false;
    this.#pass(decideSwitches(this.#state, this.#control.read(nowMs), nowMs, this.#policy));
  }

  /** An id for an alert that belongs to no incident in the log. */
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
    // The record of a switch is written before the first request that it explains.
    const { active } = event;
    const { journal, routing } = this.#state;
    if (active !== undefined && active !== routing.active && journal !== null) this.#takeRecords(Date.now());
    if (this.#replaying) this.#replayTo(event.endMs);
    else if (lacksCause(event, this.#state)) this.#readFlags(Date.now());
    this.#lastEndMs = event.endMs;
    if (event.route === 'preview') this.#previews++;
    else this.#listener.request?.(event);
    let verdicts: readonly Verdict[];
    try {
      verdicts = decideRequest(this.#state, event, this.#policy);
    } catch (error) {
      // If the watcher exited here, it would fail on the same line after every restart.
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
   * Call it before reading lines. Flags route requests, so the flags that explain a line are set before the line is written.
   */
  readonly beforeLines = (nowMs: number): void => {
    if (this.#replaying) {
      this.#takeRecords(nowMs);
      return;
    }
    this.#readFlags(nowMs);
    // Absolute, as the clock can be set back.
    if (Math.abs(nowMs - this.#lastTickMs) < tickMs && !hasMuteChanged(this.#state, nowMs)) return;
    this.#lastTickMs = nowMs;
    this.#pass(decideTick(this.#state, this.#state.flags, nowMs, this.#policy));
    this.#pass(decideCertificates(this.#state, this.#certificates.read(), nowMs, this.#policy));
  };

  /** The active pool according to the log, or to the flags if the log has not shown it yet. */
  get active(): Pool | null {
    return this.#state.routing.active ?? this.#state.flags?.active ?? null;
  }

  /** Failovers and switches since the first start. Not a copy. */
  get transitions(): Pick<State['routing'], 'failovers' | 'switches'> {
    return this.#state.routing;
  }

  /** Rejected records and the fault of the journal. */
  get journal(): WatchHealth['journal'] {
    return { rejects: this.#records.rejects, fault: this.#records.fault };
  }

  /** What is known about the certificates, as of the last look. */
  get certificates(): KnownCertificates {
    return this.#certificates.known;
  }

  isOpen(incident: string): boolean {
    return isOpen(this.#state, incident);
  }

  /** The watch's own part of the health report. */
  health(): WatchHealth {
    const { journal, certificates } = this;
    const found = { ...this.snapshot(), journal, certificates, nowMs: Date.now() };
    return watchHealthOf(this.#state, found, this.#policy);
  }

  #readFlags(nowMs: number): void {
    this.#state.flags = this.#control.read(nowMs);
    // After the flags: if a change is visible, so is its record, which is written first.
    this.#takeRecords(nowMs);
  }

  /** Reads the journal. During a replay, records wait for the lines before them. */
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

  /** Lets time pass in the log, in steps, so that the ends of cooldowns and calm periods happen at their own times. */
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

/** Whether a request begins a failover by a flag that has come, or got its content, since the flags were read. */
function lacksCause(event: AccessEvent, { routing, flags }: State): boolean {
  if (event.active === undefined || routing.failover !== null || !wasDiverted(event)) return false;
  return flags?.[event.active]?.cause === undefined;
}

/** How often rules that wait for time to pass are evaluated. */
export const tickMs = 250;
/** The most ticks that are simulated for a gap in the log. */
const maxTicksInGap = 1_000;

/** The times of the ticks to simulate since the last tick, in the log's time. */
export function* ticksUpTo(atMs: number, lastTickMs: number): Generator<number> {
  const gapMs = atMs - lastTickMs;
  if (Math.abs(gapMs) < tickMs) return;
  // The clock was set back, or there has been no tick yet.
  const fromMs = gapMs < 0 || lastTickMs === 0 ? atMs - tickMs : lastTickMs;
  const stepMs = Math.max(tickMs, (atMs - fromMs) / maxTicksInGap);
  for (let nowMs = fromMs + stepMs; nowMs <= atMs; nowMs += stepMs) yield nowMs;
}
