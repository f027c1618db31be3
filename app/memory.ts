import { totalmem } from 'node:os';

const chunkBytes = 16 * 1024 * 1024;

/** Why memory must not be used up here; undefined: it harms nothing but this app's own container. */
export function whyMemoryIsShared(): string | undefined {
  // Only where the app is the first process of its container, the limit is its own and the kernel ends nobody else.
  if (process.pid !== 1) return 'this app does not run as the first process of a container of its own';
  const limit = process.constrainedMemory();
  return limit > 0 && limit < totalmem() ? undefined : 'this container has no memory limit';
}

/** Takes memory until the kernel ends the process, and answers nobody meanwhile. */
export function exhaustMemory(): void {
  const taken: Buffer[] = [];
  // Still here at twice the limit: it swaps. Enough harm is done.
  const most = 2 * process.constrainedMemory();
  while (taken.length * chunkBytes < most) taken.push(Buffer.alloc(chunkBytes, 1));
}
