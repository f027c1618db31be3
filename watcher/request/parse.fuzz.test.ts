import { expect, it } from 'vitest';
import { Decisions } from '../../test/decisions.ts';
import { brokenLine, forged } from '../../test/hostile-lines.ts';
import { generator } from '../../test/random.ts';
import { type Phase, play } from '../../test/world.ts';
import type { Alert } from '../alerts/alert.ts';
import { decideRequest } from '../rules/decide.ts';
import { parseLine, type RejectReason } from './parse.ts';

/** Broken lines for each genuine one, which is forged as far as a visitor can. */
const brokenPerLine = 5;
const phaseKinds = ['healthy', 'active-down', 'healthy', 'switch', 'standby-down', 'healthy', 'both-down'] as const;

// To reproduce a failure, set the seed in its title.
const seed = Math.floor(Math.random() * 0x1_0000_0000);

it(`a million hostile lines change no alert and no state (seed ${seed})`, { timeout: 120_000 }, () => {
  const random = generator(seed);
  const phases: Phase[] = Array.from({ length: 100 }, (_, index) => ({
    what: phaseKinds[index % phaseKinds.length] ?? 'healthy',
    lastsMs: 6_000 + Math.floor(random() * 3_000),
  }));
  const world = play({ phases, fault: 'refuses', prober: true, gapMs: 7, clockErrorMs: 5, seed });

  const alone = new Decisions({ sloPercent: 99.9 });
  const attacked = new Decisions({ sloPercent: 99.9 });
  const rejects: Record<RejectReason, number> = {
    empty: 0,
    malformed: 0,
    'duplicate-key': 0,
    'missing-field': 0,
    'bad-value': 0,
  };
  let broken = 0;
  let hostile = 0;
  for (const happening of world.happenings) {
    if ('record' in happening) continue;
    if (!('line' in happening)) {
      alone.tick(happening.atMs, happening.flags);
      attacked.tick(happening.atMs, happening.flags);
      continue;
    }
    alone.log(happening.line);
    attacked.log(forged(random, happening.line));
    hostile++;
    for (let count = 0; count < brokenPerLine; count++) {
      const line = brokenLine(random, happening.atMs);
      const event = parseLine(line);
      broken++;
      if (typeof event === 'string') rejects[event]++;
      else {
        attacked.verdicts.push(...decideRequest(attacked.state, event, attacked.policy));
        expect.fail(`accepted as a line of the edge: ${JSON.stringify(line)}`);
      }
    }
  }

  expect(hostile + broken).toBeGreaterThanOrEqual(1_000_000);
  expect(Object.values(rejects).reduce((sum, count) => sum + count)).toBe(broken);
  expect(Math.min(...Object.values(rejects))).toBeGreaterThan(1_000);
  expect(alone.sent().length).toBeGreaterThan(20);
  expect(attacked.verdicts.map(({ alert, fate }) => [fate, withoutPaths(alert)])).toEqual(
    alone.verdicts.map(({ alert, fate }) => [fate, withoutPaths(alert)]),
  );
  expect(JSON.stringify(attacked.state, withoutText)).toBe(JSON.stringify(alone.state, withoutText));
});

/** A visitor decides the paths of failed requests, but not whether they failed. */
function withoutPaths(alert: Alert): Alert {
  return alert.kind === 'error-rate' ? { ...alert, worstPaths: [] } : alert;
}

function withoutText(key: string, value: unknown): unknown {
  return key === 'failedPaths' && Array.isArray(value) ? value.map((path) => path !== null) : value;
}
