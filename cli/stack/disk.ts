import { statfsSync } from 'node:fs';
import type { Stack } from './stack.ts';

const leastFreeBytes = 1024 ** 3;

function freeBytes({ root }: Stack): number {
  const { bavail, bsize } = statfsSync(root);
  return bavail * bsize;
}

export function hasFreeDisk(stack: Stack): boolean {
  return freeBytes(stack) >= leastFreeBytes;
}

export function freeDiskText(stack: Stack): string {
  return `${(freeBytes(stack) / 1024 ** 3).toFixed(1)} GiB of disk space is free`;
}
