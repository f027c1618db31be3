import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../condition.ts';
import { failuresOf, startLoad } from '../load.ts';
import { createStack, expectDone, type TestStack } from '../stack.ts';

let stack: TestStack;

afterEach(() => stack.remove());

describe('a control volume that no flag can be written to', () => {
  it.each(['read-only', 'full'])('%s: the site serves, and fails over without the prober', async (kind) => {
    stack = await createStack('compose', {
      COMPOSE_FILE: `docker-compose.yml:test/compose/${kind}-control-volume.yml`,
    });
    expectDone(await stack.bluegreen('up'));
    expect((await stack.ask()).pool).toBe('blue');
    const load = startLoad(`${stack.url}/version`, 8);
    expectDone(await stack.bluegreen('chaos', 'blue', 'kill'));
    await eventually('green to serve', () => load.answers.at(-1)?.pool === 'green');
    await eventually('the prober to complain', async () =>
      (await stack.bluegreen('logs', 'health_prober')).stdout.includes('cannot change the flag'),
    );
    const before = load.answers.length;
    await eventually('the site to keep serving', () => load.answers.length > before + 1000);
    expect(failuresOf(await load.stop())).toEqual([]);
  });
});
