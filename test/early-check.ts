import { expect } from 'vitest';
import { eventually } from './condition.ts';
import { expectDone, type TestStack } from './stack.ts';

/**
 * With a minute between two health checks, it takes a request that fails to have blue marked down at once. Blue has to be
 * active, and is again.
 * @param settings what the stack runs with
 */
export async function expectFoundByARequest(
  stack: TestStack,
  settings: Readonly<Record<string, string>> = {},
): Promise<void> {
  const isDown = async () => JSON.parse(expectDone(await stack.bluegreen('status', '--json')).stdout).edge.down.blue;
  try {
    stack.configure({ ...settings, PROBE_INTERVAL_MS: '60000' });
    expectDone(await stack.bluegreen('up'));
    expect((await stack.ask()).pool).toBe('blue');
    expectDone(await stack.bluegreen('chaos', 'blue', 'error'));
    // The prober has just been started anew.
    await eventually('blue to be marked down', async () => {
      expect(await stack.ask()).toMatchObject({ status: 200, pool: 'green' });
      return isDown();
    });
  } finally {
    expectDone(await stack.bluegreen('chaos', 'blue', 'stop'));
    stack.configure(settings);
    expectDone(await stack.bluegreen('up'));
  }
  await eventually('blue to be up', async () => !(await isDown()));
}
