import type { Result } from './play.ts';
import { isSent } from './settled.ts';

const columns = [
  ['scenario', 17],
  ['requests', 8],
  ['failed', 6],
  ['avoidable', 9],
  ['retried', 7],
  ['blue', 6],
  ['green', 6],
  ['p50', 6],
  ['p99', 6],
  ['p99.9', 6],
  ['max ms', 6],
  ['>500 ms', 7],
  ['failover', 8],
  ['recovery', 8],
  ['alerts', 6],
] as const;

export const header = layOut(columns.map(([name]) => name));

/** The row of a result, and below it what was excused and what was violated. */
export function rowsOf(result: Result): string[] {
  const { name, requests, failed, retried, served, p50Ms, p99Ms, p999Ms, maxMs, late } = result;
  const excused = result.excused.reduce((sum, { count }) => sum + count, 0);
  const sent = result.alerts.filter(isSent).length;
  const others = sent - result.alertsRaised;
  const cells = [
    name,
    ...[requests, failed, failed - excused, retried, served.blue, served.green].map(String),
    ...[p50Ms, p99Ms, p999Ms, maxMs].map(milliseconds),
    String(late),
    ...[result.failoverMs, result.recoveryMs].map((ms) => (ms === undefined ? '-' : ms.toFixed(0))),
    `${result.alertsRaised}/${result.alertsDue}${others > 0 ? `+${others}` : ''}`,
  ];
  return [
    layOut(cells),
    ...result.excused.map(({ what, why, count, most }) => `    ${count} × ${what} (at most ${most}): ${why}`),
    ...result.faults.map((fault) => `  ! ${fault}`),
  ];
}

export function skippedRow(name: string, why: string): string {
  return `${name.padEnd(columns[0][1])}  skipped: ${why}`;
}

export function failedRows(name: string, why: string): string[] {
  return [name, `  ! did not run to completion: ${why}`];
}

function milliseconds(ms: number): string {
  return ms < 100 ? ms.toFixed(1) : ms.toFixed(0);
}

function layOut(cells: readonly string[]): string {
  return cells
    .map((cell, index) => (index === 0 ? cell.padEnd(columns[0][1]) : cell.padStart(columns[index]?.[1] ?? 0)))
    .join('  ');
}
