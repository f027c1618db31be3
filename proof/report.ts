import type { Outcome } from './outcome.ts';

const columns = [
  'fault',
  'requests',
  'failed',
  'blue',
  'green',
  'p50 ms',
  'p99 ms',
  'max ms',
  'failover ms',
  'recovery ms',
];

export const header = layOut(columns);

/** A row of the table. */
export function row(outcome: Outcome): string {
  const { name, requests, failed, from, p50Ms, p99Ms, maxMs, failoverMs, recoveryMs } = outcome;
  const cells = [name, requests, failed, from.blue, from.green, p50Ms.toFixed(1), p99Ms.toFixed(1), maxMs.toFixed(0)];
  return layOut([...cells.map(String), whole(failoverMs), whole(recoveryMs)]);
}

function layOut(cells: readonly string[]): string {
  return cells
    .map((cell, index) => (index === 0 ? cell.padEnd(8) : cell.padStart(Math.max(8, columns[index]?.length ?? 0))))
    .join('  ');
}

function whole(milliseconds: number | undefined): string {
  return milliseconds === undefined ? 'never' : milliseconds.toFixed(0);
}
