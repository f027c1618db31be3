import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { TestContext } from 'vitest';

const canUnshare = (namespace: 'mount' | 'pid') =>
  spawnSync('unshare', [`--${namespace}`, '--fork', 'true']).status === 0;

/** Skips the test if this user may not mount file systems, as in an unprivileged container. */
export function needsMount(context: TestContext): void {
  context.skip(!canUnshare('mount'), 'not permitted to mount');
}

/** Skips the test if this user may not mount, or if the kernel has no FUSE. */
export function needsFuse(context: TestContext): void {
  needsMount(context);
  context.skip(!hasFuse(), 'the kernel has no FUSE');
}

/** Skips the test if this user may not make a PID namespace. */
export function needsPidNamespace(context: TestContext): void {
  context.skip(!canUnshare('pid'), 'not permitted to make a PID namespace');
}

function hasFuse(): boolean {
  try {
    closeSync(openSync('/dev/fuse', 'r+'));
    return true;
  } catch {
    return false;
  }
}
