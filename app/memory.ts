import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';

const chunkBytes = 16 * 1024 * 1024;

/** Why memory must not be exhausted here. Undefined if only this app's own container is affected. */
export function whyMemoryIsShared(): string | undefined {
  // Only in a container of its own, the limit is the app's and the kernel kills no other process.
  if (!isMainProcess()) return 'this app is not the main process of a container of its own';
  const limit = process.constrainedMemory();
  return limit > 0 && limit < totalmem() ? undefined : 'this container has no memory limit';
}

/** The first process of a container, or the one that its init has started. */
function isMainProcess(): boolean {
  if (process.pid === 1) return true;
  return process.ppid === 1 && ['docker-init', 'tini'].includes(readFileSync('/proc/1/comm', 'utf8').trim());
}

/** Allocates memory until the kernel kills the process, without answering any request. */
export function exhaustMemory(): void {
  const chunks: Buffer[] = [];
  // A process that reaches twice the limit is swapping; there is no need to fill the swap.
  const maxBytes = 2 * process.constrainedMemory();
  while (chunks.length * chunkBytes < maxBytes) chunks.push(Buffer.alloc(chunkBytes, 1));
}
