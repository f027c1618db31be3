import type { JournalRecord } from '../journal/record.ts';
import type { Alert } from '../watcher/alerts/alert.ts';
import type { KnownCertificates } from '../watcher/control/certificates.ts';
import type { DownFlags } from '../watcher/control/flags.ts';
import { parseLine } from '../watcher/request/parse.ts';
import { decideCertificates, decideRecord, decideRequest, decideTick } from '../watcher/rules/decide.ts';
import type { Verdict } from '../watcher/rules/incident.ts';
import { newState, type Policy, type State } from '../watcher/rules/state.ts';

export const noon = Date.UTC(2025, 10, 23, 12);
const defaults: Policy = { windowSize: 200, thresholdPercent: 2, cooldownMs: 0, maintenance: false };

/** The rules alone: lines, records and time in, verdicts out. */
export class Decisions {
  readonly policy: Policy;
  readonly verdicts: Verdict[] = [];
  state: State;

  constructor(policy: Partial<Policy> = {}) {
    this.policy = { ...defaults, ...policy };
    this.state = newState(this.policy);
  }

  /** Takes lines in order, and returns the alerts that are sent. */
  log(...lines: readonly string[]): Alert[] {
    const before = this.verdicts.length;
    for (const line of lines) {
      const event = parseLine(line);
      if (typeof event === 'string') throw new Error(`${event}: ${line}`);
      this.verdicts.push(...decideRequest(this.state, event, this.policy));
    }
    return this.sent(before);
  }

  tick(nowMs: number, flags: DownFlags | null = null): Alert[] {
    const before = this.verdicts.length;
    this.verdicts.push(...decideTick(this.state, flags, nowMs, this.policy));
    return this.sent(before);
  }

  /** Looks at the certificates, and returns the alerts that are sent. */
  certificates(nowMs: number, known: KnownCertificates): Alert[] {
    const before = this.verdicts.length;
    this.verdicts.push(...decideCertificates(this.state, known, nowMs, this.policy));
    return this.sent(before);
  }

  /** Takes a journal record when it is written, and returns the alerts that are sent. */
  record(record: JournalRecord, nowMs = record.atMs): Alert[] {
    const before = this.verdicts.length;
    this.verdicts.push(...decideRecord(this.state, record, nowMs, this.policy));
    return this.sent(before);
  }

  /** Continues with the state as a checkpoint would restore it. */
  restart(): void {
    this.state = JSON.parse(JSON.stringify(this.state));
  }

  sent(from = 0): Alert[] {
    return this.verdicts.slice(from).flatMap((verdict) => (verdict.fate === 'send' ? [verdict.alert] : []));
  }

  /** The number of open incidents whose alerts have been held back and not sent since. */
  openUnsent(): number {
    const { routing, errorRate, burnRate, outage, standby, overload } = this.state;
    const failover = routing.flapping.open === null ? routing.failover : null;
    const open = [
      failover,
      routing.flapping.open,
      routing.switched,
      errorRate.open,
      burnRate.open,
      outage.open,
      standby.open,
      overload.open,
    ];
    return open.filter((incident) => incident !== null && !incident.announced && incident.held).length;
  }

  heldBack(): string[] {
    return this.verdicts.flatMap((verdict) =>
      verdict.fate === 'hold' ? [`${verdict.alert.kind}: ${verdict.reason}`] : [],
    );
  }
}

export function kinds(alerts: readonly Alert[]): string[] {
  return alerts.map(({ kind }) => kind);
}
