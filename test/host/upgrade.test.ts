import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../condition.ts';
import { createStack, expectDone, root, type TestStack } from '../stack.ts';

const states = join(root, 'test/upgrade');

/** What the programs of a version had in their files, see test/upgrade/README.md. */
const expected: Readonly<Record<string, { active: string; incident: string; history: readonly string[] }>> = {
  '0.1.0': {
    active: 'green',
    incident: '1128-1326-9',
    history: ['switch', 'deploy to blue', 'canary', 'canary', 'mute', 'unmute', 'switch', 'mute'],
  },
};

describe.each(readdirSync(states).filter((name) => /^\d/.test(name)))('the state of %s', (version) => {
  let stack: TestStack;

  beforeEach(async () => {
    stack = await createStack('host');
    const directory = join(root, '.bluegreen/stacks', stack.prefix);
    cpSync(join(states, version), directory, { recursive: true });
    // The mute of back then is over.
    const path = join(directory, 'control/muted.json');
    const muted = JSON.parse(readFileSync(path, 'utf8'));
    writeFileSync(path, JSON.stringify({ ...muted, untilMs: Date.now() + 3_600_000 }));
  });

  afterEach(() => stack.remove());

  it('is read', async () => {
    const { active, incident, history } = expected[version] ?? {};
    expectDone(await stack.bluegreen('up'));
    const status = JSON.parse(expectDone(await stack.bluegreen('status', '--json')).stdout);
    expect(status).toMatchObject({ edge: { active }, muted: { actor: 'alice' } });
    const entries = JSON.parse(expectDone(await stack.bluegreen('history', '--json')).stdout);
    expect(entries.map(({ what }: { what: string }) => what)).toEqual(history);
    const log = async () => (await stack.bluegreen('logs', 'alert_watcher', '-n', '1000')).stdout;
    await eventually('the open incident to be resolved', async () =>
      (await log()).includes(`"alert":"standby-resolved","incident":"${incident}"`),
    );
    expect(await log()).toContain('continuing from the checkpoint');
    expect(await log()).not.toMatch(/cannot use|is lost/);
    expectDone(await stack.bluegreen('unmute'));
  });
});
