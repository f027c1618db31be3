import { describe, expect, it } from 'vitest';
import type { SeenAlert } from './proof-watcher.ts';
import type { Alerts, Scenario } from './scenario.ts';
import { alertFaults, countOf } from './settled.ts';

const sent = (kind: SeenAlert['kind'], incident: string): SeenAlert => ({
  kind,
  incident,
  text: `${kind} ${incident}`,
});
const held = (kind: SeenAlert['kind'], incident: string, heldBack = 'cooldown'): SeenAlert => ({
  ...sent(kind, incident),
  heldBack,
});

function faultsOf(alerts: readonly SeenAlert[], wanted: Alerts): string[] {
  return alertFaults({ alerts: wanted } as Scenario, { alerts });
}

describe('the alerts of a scenario', () => {
  const failsOver: Alerts = { due: { failover: 1, recovery: 1 }, may: { 'error-rate': 1 } };
  const once = [sent('failover', 'a'), sent('recovery', 'a')];

  it('are right if each that is due was sent once', () => {
    expect(faultsOf(once, failsOver)).toEqual([]);
  });

  it('also count if a cooldown holds them back, as the incident happened twice', () => {
    const twice = [...once, held('failover', 'b'), held('recovery', 'b', 'not-announced')];
    expect(faultsOf(twice, failsOver)).toEqual(['alert failover: expected 1, got 2']);
  });

  it('count once if a cooldown held them back before they were sent', () => {
    expect(faultsOf([held('failover', 'a'), ...once], failsOver)).toEqual([]);
  });

  it('count twenty times for twenty switches, though most are held back', () => {
    const switches = Array.from({ length: 20 }, (_, index) =>
      index < 2 ? sent('switch', `${index}`) : held('switch', `${index}`),
    );
    expect(countOf({ alerts: switches }, 'switch')).toBe(20);
    expect(faultsOf(switches, { due: { switch: 20 } })).toEqual([]);
    expect(faultsOf([], { due: { switch: 20 } })).toHaveLength(1);
  });

  it('may be sent up to their limit and no more', () => {
    expect(faultsOf([...once, sent('error-rate', 'b')], failsOver)).toEqual([]);
    expect(faultsOf([...once, sent('error-rate', 'b'), sent('error-rate', 'c')], failsOver)).toEqual([
      'alert error-rate: at most 1 allowed, 2 sent',
    ]);
    expect(faultsOf([...once, sent('outage', 'b')], failsOver)).toEqual(['unexpected alert outage: outage b']);
  });
});
