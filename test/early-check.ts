import { expect } from 'vitest';
import { eventually } from './condition.ts';
import { expectDone, type TestStack } from './stack.ts';

/**
 * Expects that a failed request has blue checked and marked down at once, although health checks are a minute apart. Blue
 * must be active, and is active again afterwards.
 * @param settings the settings that the stack runs with
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
    // The prober has just been restarted.
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
