import { describe, expect, it } from 'vitest';
import { accessLine, reroutedLine, unservedLine } from '../../test/access-lines.ts';
import { Decisions, noon } from '../../test/decisions.ts';
import { deployFailed, deployStarted, maintenanceRecord } from '../../test/journal-records.ts';
import type { DownFlags } from '../control/flags.ts';
import { isOpen, isOutageConfirmed, ongoing, openIncidents } from './open-incidents.ts';

const healthy: DownFlags = { active: 'blue', blue: null, green: null };
const kinds = (decisions: Decisions) => openIncidents(decisions.state).map(({ kind }) => kind);
const many = (line: typeof accessLine, number: number, atMs = 0) =>
  Array.from({ length: number }, (_, at) => line({ startMs: noon + atMs + at, status: 500 }));

describe('what is ongoing', () => {
  it('is nothing at first', () => {
    const decisions = new Decisions();
    expect([kinds(decisions), ongoing(decisions.state), isOutageConfirmed(decisions.state)]).toEqual([[], [], false]);
    expect(isOpen(decisions.state, '1123-1200-1')).toBe(false);
  });

  it('is every incident of the log that has not ended', () => {
    const decisions = new Decisions({ sloPercent: 99.9 });
    decisions.log(...many(accessLine, 60));
    expect(kinds(decisions)).toEqual(['error-rate', 'burn-rate']);
    expect(ongoing(decisions.state)).toEqual(['error rate high', 'error budget burning too fast']);
    decisions.log(reroutedLine({ startMs: noon + 1_000 }));
    decisions.log(...[2_000, 2_001, 2_002].map((atMs) => unservedLine({ startMs: noon + atMs })));
    expect(kinds(decisions)).toEqual(['failover', 'error-rate', 'burn-rate', 'outage']);
    expect(ongoing(decisions.state)).toHaveLength(4);
    expect(isOutageConfirmed(decisions.state)).toBe(true);
    for (const alert of decisions.sent()) expect(isOpen(decisions.state, alert.incident)).toBe(true);
    expect(isOpen(decisions.state, 'another')).toBe(false);
  });

  it('is a flapping in place of the failover that is a part of it', () => {
    const decisions = new Decisions();
    for (const atMs of [0, 10_000]) {
      decisions.log(reroutedLine({ startMs: noon + atMs }), accessLine({ startMs: noon + atMs + 2_000 }));
    }
    decisions.log(reroutedLine({ startMs: noon + 20_000 }));
    expect(ongoing(decisions.state)).toEqual(['blue flapping']);
  });

  it('is both pools failing their checks, which is not a confirmed outage', () => {
    const decisions = new Decisions();
    const down = { ...healthy, blue: { seenMs: noon }, green: { seenMs: noon } };
    for (const atMs of [0, 2_000]) decisions.tick(noon + atMs, down);
    expect(kinds(decisions)).toEqual(['both-pools-unhealthy']);
    expect(isOutageConfirmed(decisions.state)).toBe(false);
  });

  it('is a standby that is down', () => {
    const decisions = new Decisions();
    decisions.tick(noon + 5_000, { ...healthy, green: { seenMs: noon } });
    expect(kinds(decisions)).toEqual(['standby-down']);
    expect(ongoing(decisions.state)).toEqual(['standby green down']);
  });

  it('is what operators have begun and not ended', () => {
    const decisions = new Decisions();
    decisions.record(maintenanceRecord(true, noon));
    decisions.record(deployStarted(noon + 1));
    expect(ongoing(decisions.state)).toEqual(['deploy of v2 to green', 'maintenance page']);
    expect(isOpen(decisions.state, 'd-7')).toBe(true);
    decisions.record(maintenanceRecord(false, noon + 2));
    decisions.record(deployFailed(noon + 3, { noWayBack: 'blue is down' }));
    expect(ongoing(decisions.state)).toEqual(['v2 still active on green']);
    expect(isOpen(decisions.state, 'd-7')).toBe(true);
  });
});
