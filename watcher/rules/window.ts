import type { PathCount } from '../alerts/alert.ts';

/** Older samples say nothing about the present: yesterday's errors must not last through a quiet night. */
export const maxAgeMs = 15 * 60_000;

/** The last requests, as a ring buffer. Plain data. */
export interface Window {
  readonly size: number;
  /** When each sample was taken, in epoch milliseconds. */
  readonly times: number[];
  /** The path of each sample that failed; null for the others. */
  readonly failedPaths: (string | null)[];
  /** Where the next sample goes. */
  next: number;
  count: number;
  failed: number;
}

export function newWindow(size: number): Window {
  return { size, times: [], failedPaths: [], next: 0, count: 0, failed: 0 };
}

/** Adds a sample in constant time. A full window drops its oldest sample. */
export function addSample(window: Window, atMs: number, failedPath: string | null): void {
  if (window.count === window.size) dropOldest(window);
  window.times[window.next] = atMs;
  window.failedPaths[window.next] = failedPath;
  window.next = (window.next + 1) % window.size;
  window.count++;
  if (failedPath !== null) window.failed++;
}

/** Drops samples older than {@link maxAgeMs}. */
export function ageOut(window: Window, nowMs: number): void {
  while (window.count > 0 && (window.times[oldest(window)] ?? 0) < nowMs - maxAgeMs) dropOldest(window);
}

/** The percentage of samples that failed; 0 if the window is empty. */
export function failedPercent(window: Window): number {
  return window.count === 0 ? 0 : (window.failed * 100) / window.count;
}

/** The paths that failed most often. Walks the whole window, so call it only for an alert that is sent. */
export function worstPaths(window: Window, limit: number): PathCount[] {
  const counts = new Map<string, number>();
  for (const { failedPath } of samplesOf(window)) {
    if (failedPath !== null) counts.set(failedPath, (counts.get(failedPath) ?? 0) + 1);
  }
  const sorted = [...counts].sort((one, other) => other[1] - one[1]);
  return sorted.slice(0, limit).map(([path, failed]) => ({ path, failed }));
}

/** When the oldest sample was taken; infinity if the window is empty. */
export function oldestMs(window: Window): number {
  return window.count === 0 ? Number.POSITIVE_INFINITY : (window.times[oldest(window)] ?? 0);
}

/** Copies the newest samples into a window of another size. */
export function resized(window: Window, size: number): Window {
  const into = newWindow(size);
  for (const { atMs, failedPath } of samplesOf(window)) addSample(into, atMs, failedPath);
  return into;
}

/** Oldest first. */
function* samplesOf(window: Window): Generator<{ readonly atMs: number; readonly failedPath: string | null }> {
  for (let index = 0, at = oldest(window); index < window.count; index++, at = (at + 1) % window.size) {
    yield { atMs: window.times[at] ?? 0, failedPath: window.failedPaths[at] ?? null };
  }
}

function oldest(window: Window): number {
  return (window.next - window.count + window.size) % window.size;
}

function dropOldest(window: Window): void {
  const at = oldest(window);
  if (window.failedPaths[at] !== null) window.failed--;
  window.failedPaths[at] = null;
  window.count--;
}
