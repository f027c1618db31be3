import { describe, expect, it } from 'vitest';
import type { SeenAlert } from './proof-watcher.ts';
import type { Alerts, Scenario } from './scenario.ts';
import { alertFaults, countOf } from './settled.ts';

const told = (kind: SeenAlert['kind'], incident: string): SeenAlert => ({
  kind,
  incident,
  text: `${kind} ${incident}`,
});
const held = (kind: SeenAlert['kind'], incident: string, heldBack = 'cooldown'): SeenAlert => ({
  ...told(kind, incident),
  heldBack,
});

function faultsOf(alerts: readonly SeenAlert[], wanted: Alerts): string[] {
  return alertFaults({ alerts: wanted } as Scenario, { alerts });
}

describe('the alerts of a scenario', () => {
  const failsOver: Alerts = { due: { failover: 1, recovery: 1 }, may: { 'error-rate': 1 } };
  const once = [told('failover', 'a'), told('recovery', 'a')];

  it('are as they must be where each that is due was told once', () => {
    expect(faultsOf(once, failsOver)).toEqual([]);
  });

  it('count too where a cooldown holds them back: it happened twice', () => {
    const twice = [...once, held('failover', 'b'), held('recovery', 'b', 'not-announced')];
    expect(faultsOf(twice, failsOver)).toEqual(['the alert failover was due 1 times, and came 2 times']);
  });

  it('count once where a cooldown held them back for a while', () => {
    expect(faultsOf([held('failover', 'a'), ...once], failsOver)).toEqual([]);
  });

  it('come all twenty where a switch was made twenty times, most of them held back', () => {
    const switches = Array.from({ length: 20 }, (_, index) =>
      index < 2 ? told('switch', `${index}`) : held('switch', `${index}`),
    );
    expect(countOf({ alerts: switches }, 'switch')).toBe(20);
    expect(faultsOf(switches, { due: { switch: 20 } })).toEqual([]);
    expect(faultsOf([], { due: { switch: 20 } })).toHaveLength(1);
  });

  it('may come so often and no more', () => {
    expect(faultsOf([...once, told('error-rate', 'b')], failsOver)).toEqual([]);
    expect(faultsOf([...once, told('error-rate', 'b'), told('error-rate', 'c')], failsOver)).toEqual([
      'the alert error-rate may be told 1 times, and was told 2 times',
    ]);
    expect(faultsOf([...once, told('outage', 'b')], failsOver)).toEqual([
      'an alert that was not due, outage: outage b',
    ]);
  });
});
