import { beforeEach, describe, expect, it } from 'vitest';
import type { AlertKind } from '../../report/alert-kinds.ts';
import { sampleAlerts } from '../../test/sample-alerts.ts';
import type { Alert } from '../alerts/alert.ts';
import {
  announce,
  beginIncident,
  conclude,
  escalate,
  forgetHeldBack,
  type GatePolicy,
  type Gates,
  type Incident,
} from './incident.ts';

const cooldownMs = 60_000;
const policy: GatePolicy = { cooldownMs, maintenance: false };
const noon = Date.UTC(2025, 10, 23, 12);
const key = 'failover:blue';

const alertOf = (kind: AlertKind): Alert => {
  const [sample] = sampleAlerts[kind];
  if (sample === undefined) throw new Error(`no sample of ${kind}`);
  return sample;
};
const failover = () => alertOf('failover');

let gates: Gates;
let counter: { incidents: number };
const begin = (): Incident => beginIncident(counter, noon);

beforeEach(() => {
  gates = {};
  counter = { incidents: 0 };
});

describe('a cooldown', () => {
  it('begins with the alert that is sent, and ends at its very end', () => {
    announce(gates, key, begin(), failover, noon, policy);
    const next = begin();
    expect(announce(gates, key, next, failover, noon, policy)).toMatchObject({ fate: 'hold', reason: 'cooldown' });
    expect(announce(gates, key, next, failover, noon + cooldownMs - 1, policy)).toBeUndefined();
    expect(announce(gates, key, next, failover, noon + cooldownMs, policy)).toMatchObject({ fate: 'send' });
  });
});

describe('maintenance', () => {
  it.each<AlertKind>(['recovery', 'flapping-resolved'])(
    'holds back a %s, though what it resolves was sent before it',
    (kind) => {
      const sent = { ...begin(), announced: true };
      const verdict = conclude(gates, key, sent, alertOf(kind), { ...policy, maintenance: true });
      expect(verdict).toMatchObject({ fate: 'hold', reason: 'maintenance' });
    },
  );
});

describe('an incident that becomes worse', () => {
  it('while alerts are muted is reported as held back, once, and sent after that', () => {
    const incident = { ...begin(), announced: true };
    const muted = { ...policy, muted: true };
    expect(escalate(gates, 'error-rate', incident, failover, noon, muted)).toMatchObject({ fate: 'hold' });
    expect(escalate(gates, 'error-rate', incident, failover, noon + 1, muted)).toBeUndefined();
    expect(escalate(gates, 'error-rate', incident, failover, noon + 2, policy)).toMatchObject({ fate: 'send' });
  });
});

describe('incidents that were held back, some of which another alert reports', () => {
  const heldBack = { count: 3, sinceMs: noon };

  it.each([
    [0, heldBack],
    [2, { count: 1, sinceMs: noon }],
    [3, null],
    [4, null],
  ])('of three, it reports %i', (count, left) => {
    gates[key] = { cooldownUntilMs: 0, heldBack };
    forgetHeldBack(gates, key, count);
    expect(gates[key]?.heldBack).toEqual(left);
  });

  it('stay none if there were none', () => {
    forgetHeldBack(gates, key, 2);
    expect(gates[key]?.heldBack).toBeNull();
  });
});
