import { setImmediate as turn } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { startDeadline } from './deadline.ts';

it('does not pass once it is cancelled, even if its time has come in the same turn', async () => {
  const passed = vi.fn();
  const cancel = startDeadline(1, passed);
  await new Promise<void>((resolve) => {
    setTimeout(() => {
      cancel();
      resolve();
    }, 1);
    // Until both are due, so that they run in the same turn.
    const dueMs = performance.now() + 10;
    while (performance.now() < dueMs);
  });
  await turn();
  await turn();
  expect(passed).not.toHaveBeenCalled();
});
