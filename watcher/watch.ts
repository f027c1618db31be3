import type { Alert } from './alert.ts';
import { decideRequest, decideTick } from './decide.ts';
import type { ControlDirectory } from './flags.ts';
import type { Health } from './health.ts';
import type { Verdict } from './incident.ts';
import { parseLine, type RejectReason } from './parse.ts';
import type { Policy, State } from './state.ts';
import { failedPercent } from './window.ts';

const tickMs = 250;

/** What is told, and what was held back and why. */
export interface Listener {
  readonly tell: (alert: Alert) => void;
  readonly hold: (alert: Alert, reason: string) => void;
}

/** Takes the log's lines and the passing of time, and passes on what follows from them. */
export class Watch {
  readonly #state: State;
  readonly #policy: Policy;
  readonly #control: ControlDirectory;
  readonly #listener: Listener;
  readonly #rejects: Record<RejectReason | 'too-long', number> = {
    empty: 0,
    malformed: 0,
    'duplicate-key': 0,
    'missing-field': 0,
    'bad-value': 0,
    'too-long': 0,
  };
  #lines = 0;
  #heldBack = 0;
  #lastEndMs = 0;
  #lastTickMs = 0;

  constructor(state: State, policy: Policy, control: ControlDirectory, listener: Listener) {
    this.#state = state;
    this.#policy = policy;
    this.#control = control;
    this.#listener = listener;
  }

  readonly line = (text: string, from: number, to: number): void => {
    this.#lines++;
    const event = parseLine(text, from, to);
    if (typeof event === 'string') {
      this.#rejects[event]++;
      return;
    }
    this.#lastEndMs = event.endMs;
    this.#pass(decideRequest(this.#state, event, this.#policy));
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
    this.#state.flags = this.#control.read(nowMs);
    // Either way, as the clock can be set back.
    if (Math.abs(nowMs - this.#lastTickMs) < tickMs) return;
    this.#lastTickMs = nowMs;
    this.#pass(decideTick(this.#state, this.#state.flags, nowMs, this.#policy));
  };

  /** The watch's own part of the health report. */
  health(): Omit<Health, 'status' | 'version' | 'slack' | 'log'> & { readonly log: WatchLogHealth } {
    const { traffic, errorRate, flags, outage, standby } = this.#state;
    const { window } = errorRate;
    const open = [
      { kind: 'failover', incident: traffic.failover },
      { kind: 'error-rate', incident: errorRate.open },
      { kind: 'outage', incident: outage.open },
      { kind: 'standby-down', incident: standby.open },
    ];
    return {
      log: {
        lines: this.#lines,
        lastLine: this.#lastEndMs === 0 ? null : new Date(this.#lastEndMs).toISOString(),
        rejects: this.#rejects,
      },
      active: traffic.active,
      serving: traffic.serving,
      down: flags === null ? null : { blue: flags.blue !== null, green: flags.green !== null },
      openIncidents: open.flatMap(({ kind, incident }) =>
        incident === null ? [] : [{ kind, incident: incident.id, since: new Date(incident.atMs).toISOString() }],
      ),
      window: {
        samples: window.count,
        failed: window.failed,
        errorPercent: Math.round(failedPercent(window) * 100) / 100,
      },
      alertsHeldBack: this.#heldBack,
      maintenance: this.#policy.maintenance,
    };
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
