import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { sampleAlerts } from '../../test/sample-alerts.ts';
import { Past, pastFile } from './past.ts';

it.each(Object.entries(sampleAlerts))('keeps %s across a restart', async (_, alerts) => {
  const directory = mkdtempSync(join(tmpdir(), 'past-'));
  try {
    for (const alert of alerts) {
      const past = new Past(['slack'], directory);
      const sent = { ...alert, heldBack: { count: 2, sinceMs: alert.atMs - 5_000 } };
      past.alerts.add(sent);
      past.marks.add(sent);
      past.alerts.settled('slack', { alert: sent, result: 'delivered' });
      await pastFile(directory).save(past.snapshot());
      const restored = new Past(['slack'], directory);
      restored.restore(pastFile(directory), []);
      expect(restored.alerts.reports()).toEqual(past.alerts.reports());
      expect(restored.marks.all).toEqual(past.marks.all);
      expect(restored.alerts.reports()).toHaveLength(1);
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

it('says why it cannot use a file, and keeps the file for inspection', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'past-'));
  try {
    const restore = () => new Past([], directory).restore(pastFile(directory), []);
    expect(restore()).toBeUndefined();
    await pastFile(directory).save({ history: 'none' });
    expect(restore()).toBe('it has another schema');
    writeFileSync(join(directory, 'past.json'), 'none');
    expect(restore()).toBe('not a checkpoint');
    expect(existsSync(join(directory, 'past.json.corrupt'))).toBe(true);
    expect(restore()).toBeUndefined();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
