import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { scenarioNames } from '../cli/arguments.ts';
import { recordedSettings } from '../cli/commands/prove.ts';
import { readRecorded } from '../docs/proof/recorded.ts';
import { places } from '../docs/proof/tables.ts';
import { variables } from '../settings/variables.ts';

describe.each(['compose', 'host'] as const)('the tables of the proof on the %s engine', (engine) => {
  const proof = readRecorded(engine);

  it('show the recorded results', () => {
    for (const { path, table } of places[engine]) expect(readFileSync(path, 'utf8')).toContain(table(proof));
  });

  it('cover every scenario at full length, and all are proved', () => {
    const names = [...proof.scenarios, ...proof.skipped].map(({ name }) => name);
    expect(names.toSorted()).toEqual(scenarioNames.toSorted());
    expect(proof.load).toEqual({ rate: 400, connections: 50, seconds: 12 });
    expect(proof.scenarios.filter(({ faults }) => faults.length > 0)).toEqual([]);
    expect(proof.proved).toBe(true);
    if (engine === 'compose') expect(proof.skipped).toEqual([]);
  });

  it('come from a known version and known settings', () => {
    expect(proof).toMatchObject({
      version: expect.stringMatching(/./),
      commit: expect.stringMatching(/^[0-9a-f]{7,}$/),
    });
    expect(Object.keys(proof.settings).toSorted()).toEqual(recordedSettings.toSorted());
  });

  it('were recorded with the default settings', () => {
    expect(Object.keys(proof.settings).length).toBeGreaterThan(0);
    for (const [name, value] of Object.entries(proof.settings)) {
      expect([name, value]).toEqual([name, variables[name as keyof typeof variables].default]);
    }
  });
});
