import type { Alert, AlertKind } from './alert.ts';
import { decideRequest, decideTick } from './decide.ts';
import { ControlDirectory } from './flags.ts';
import type { Health } from './health.ts';
import { beginIncident, type Incident, type Verdict } from './incident.ts';
import { parseLine, type RejectReason } from './parse.ts';
import { newState, type Policy, type State } from './state.ts';
import { failedPercent } from './window.ts';

const tickMs = 250;

/** What is told, and what was held back and why. */
export interface Listener {
  readonly tell: (alert: Alert) => void;
  readonly hold: (alert: Alert, reason: string) => void;
  /** A line that the rules broke on, which is a fault of theirs. */
  readonly fault: (error: unknown) => void;
}

/** What is kept of a watch over a restart. Plain JSON. */
export interface WatchSnapshot {
  readonly state: State;
  readonly lines: number;
  readonly rejects: Readonly<Record<string, number>>;
  readonly heldBack: number;
  readonly lastEndMs: number;
  readonly lastTickMs: number;
}

/** Ticks that are made up for a gap in the log. */
const maxTicksInGap = 1_000;

/** Takes the log's lines and the passing of time, and passes on what follows from them. */
export class Watch {
  readonly #state: State;
  readonly #policy: Policy;
  readonly #control: ControlDirectory;
  readonly #listener: Listener;
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
  #lastEndMs = 0;
  #lastTickMs = 0;
  #replaying = false;

  /** @param saved where an earlier watch had got to: it goes on from there, by the log's time until {@link goLive} */
  constructor(policy: Policy, control: ControlDirectory, listener: Listener, saved?: WatchSnapshot) {
    this.#state = saved?.state ?? newState(policy);
    this.#policy = policy;
    this.#control = control;
    this.#listener = listener;
    if (saved === undefined) return;
    this.#replaying = true;
    this.#lines = saved.lines;
    this.#heldBack = saved.heldBack;
    this.#lastEndMs = saved.lastEndMs;
    this.#lastTickMs = saved.lastTickMs;
    Object.assign(this.#rejects, saved.rejects);
  }

  /** @throws if the rules cannot go on from there, whatever the reason */
  static tryOut(saved: WatchSnapshot, policy: Policy): void {
    const ignore = () => {};
    const state = structuredClone(saved.state);
    const control = new ControlDirectory('', state.flags);
    const watch = new Watch(policy, control, { tell: ignore, hold: ignore, fault: ignore }, { ...saved, state });
    watch.#passTimeTo(saved.lastTickMs + tickMs);
    watch.health();
  }

  get lines(): number {
    return this.#lines;
  }

  get lastEndMs(): number {
    return this.#lastEndMs;
  }

  /** Not a copy: to be written down before the next step. */
  snapshot(): WatchSnapshot {
    return {
      state: this.#state,
      lines: this.#lines,
      rejects: this.#rejects,
      heldBack: this.#heldBack,
      lastEndMs: this.#lastEndMs,
      lastTickMs: this.#lastTickMs,
    };
  }

  /** From now on time is the clock's, and the flags are those of now. */
  goLive(): void {
    this.#replaying = false;
  }

  /** An id for what is no incident of the log. */
  nextIncident(atMs: number): string {
    return beginIncident(this.#state, atMs).id;
  }

  readonly line = (text: string, from: number, to: number, bytes: Uint8Array): void => {
    this.#lines++;
    const event = parseLine(text, from, to, bytes);
    if (typeof event === 'string') {
      this.#rejects[event]++;
      return;
    }
    if (this.#replaying) this.#passTimeTo(event.endMs);
    this.#lastEndMs = event.endMs;
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
    if (this.#replaying) return;
    this.#state.flags = this.#control.read(nowMs);
    // Either way, as the clock can be set back.
    if (Math.abs(nowMs - this.#lastTickMs) < tickMs) return;
    this.#lastTickMs = nowMs;
    this.#pass(decideTick(this.#state, this.#state.flags, nowMs, this.#policy));
  };

  /** What goes on now, by kind. */
  openIncidents(): { readonly kind: AlertKind; readonly incident: Incident }[] {
    const { traffic, errorRate, burnRate, outage, standby } = this.#state;
    return [
      { kind: 'failover' as const, incident: traffic.failover },
      { kind: 'flapping' as const, incident: traffic.flapping.open },
      { kind: 'error-rate' as const, incident: errorRate.open },
      { kind: 'burn-rate' as const, incident: burnRate.open },
      { kind: 'outage' as const, incident: outage.open },
      { kind: 'standby-down' as const, incident: standby.open },
    ].flatMap(({ kind, incident }) => (incident === null ? [] : [{ kind, incident }]));
  }

  /** The watch's own part of the health report. */
  health(): Omit<Health, 'status' | 'version' | 'slack' | 'channels' | 'log' | 'checkpoint'> & {
    readonly log: WatchLogHealth;
  } {
    const { traffic, errorRate, flags } = this.#state;
    const { window } = errorRate;
    return {
      log: {
        lines: this.#lines,
        lastLine: this.#lastEndMs === 0 ? null : new Date(this.#lastEndMs).toISOString(),
        rejects: this.#rejects,
      },
      active: traffic.active,
      serving: traffic.serving,
      down: flags === null ? null : { blue: flags.blue !== null, green: flags.green !== null },
      openIncidents: this.openIncidents().map(({ kind, incident }) => ({
        kind,
        incident: incident.id,
        since: new Date(incident.atMs).toISOString(),
      })),
      window: {
        samples: window.count,
        failed: window.failed,
        errorPercent: Math.round(failedPercent(window) * 100) / 100,
      },
      alertsHeldBack: this.#heldBack,
      maintenance: this.#policy.maintenance,
    };
  }

  /** Time passes in the log alone, and in steps: what a cooldown or a calm held back belongs to its own moment. */
  #passTimeTo(atMs: number): void {
    const gapMs = atMs - this.#lastTickMs;
    // The clock was set back meanwhile, or there was no tick yet.
    const fromMs = gapMs < 0 || this.#lastTickMs === 0 ? atMs - tickMs : this.#lastTickMs;
    if (Math.abs(gapMs) < tickMs) return;
    const stepMs = Math.max(tickMs, (atMs - fromMs) / maxTicksInGap);
    for (let nowMs = fromMs + stepMs; nowMs <= atMs; nowMs += stepMs) {
      this.#lastTickMs = nowMs;
      this.#pass(decideTick(this.#state, this.#state.flags, nowMs, this.#policy));
    }
  }

  #pass(verdicts: readonly Verdict[]): void {
    for (const verdict of verdicts) {
      if (verdict.fate === 'tell') this.#listener.tell(verdict.alert);
      else {
        this.#heldBack++;
        this.#listener.hold(verdict.alert, verdict.reason);
      }
    }
  }
}

type WatchLogHealth = Pick<Health['log'], 'lines' | 'lastLine' | 'rejects'>;
