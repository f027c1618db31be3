import { duration } from '../../report/figures.ts';
import type { Health } from '../../report/health.ts';
import type { Tone } from '../../report/tone.ts';
import { otherPool, type Pool } from '../../settings/pool.ts';
import type { EdgeStatus } from '../edge/control-state.ts';
import type { HistoryEntry } from '../edge/history.ts';
import type { PoolStatus } from '../edge/pool-status.ts';
import { printable, styledForStdout, table } from '../terminal/terminal.ts';
import { certificateTable } from './certificates.ts';
import type { Remark } from './remark.ts';
import type { Report } from './report.ts';

const styleOf = { bad: 'red', warning: 'yellow', good: 'green', neutral: 'cyan' } as const;

/** The report for people: what matters most first, then each part. */
export function statusText(report: Report): string {
  const { engine, url, edge, services, lastFew, previewLink } = report;
  const standby = edge === undefined ? 'the standby' : otherPool(edge.active);
  const nginx = edge === undefined ? '' : `, nginx ${edge.nginx}`;
  return [
    ...report.story.map(remarkText),
    `${url} on the ${engine} engine${nginx}`,
    ...(previewLink === undefined ? [] : [`Preview of ${standby}: ${previewLink}`]),
    '',
    table(
      ['POOL', 'ROLE', 'RELEASE', 'HEALTH', 'DIRECT'],
      report.pools.map((pool) => [...poolCells(pool, edge), pool.url]),
    ),
    '',
    table(
      ['SERVICE', 'STATE', ''],
      services.map(({ name, state, detail }) => [name, state, detail]),
    ),
    '',
    ...certificateLines(report.watcher),
    ...watcherLines(report.watcher),
    ...(lastFew.length === 0 ? [] : ['', lastTable(lastFew)]),
  ].join('\n');
}

export function remarkText({ tone, text }: Remark): string {
  return painted(tone, printable(text));
}

export function painted(tone: Tone, text: string): string {
  return styledForStdout(styleOf[tone], text);
}

/** Pool, role, release and health. */
export function poolCells(
  { pool, release, reported, planned, health }: PoolStatus,
  edge: Pick<EdgeStatus, 'active' | 'down'> | undefined,
): string[] {
  const meant = reported === undefined || reported === planned ? '' : ` (should be ${planned})`;
  return [
    pool,
    edge === undefined ? 'unknown' : roleOf(pool, edge.active),
    `${release}${meant}`,
    edge?.down[pool] ? `${health}, marked down` : health,
  ];
}

function roleOf(pool: Pool, active: Pool): string {
  return pool === active ? 'active' : 'standby';
}

function certificateLines(watcher: Health | undefined): string[] {
  const { certificates = [] } = watcher ?? {};
  return certificates.length === 0 ? [] : [certificateTable(certificates, Date.now()), ''];
}

/** The error rate that the watcher sees, and where it sends alerts. */
export function watcherLines(watcher: Health | undefined): string[] {
  if (watcher === undefined) return [];
  const { window, channels, alertsHeldBack, status } = watcher;
  const sentTo = channels.map(
    ({ name, sent, queued }) => `${name} (${sent} sent${queued > 0 ? `, ${queued} waiting` : ''})`,
  );
  const held = alertsHeldBack > 0 ? `; ${alertsHeldBack} held back` : '';
  return [
    `Errors: ${window.errorPercent.toFixed(2)}% of the last ${window.samples} requests; the watcher is ${status}`,
    `Alerts: ${sentTo.length === 0 ? "to the watcher's log only" : `to ${sentTo.join(', ')}`}${held}`,
  ];
}

function lastTable(entries: readonly HistoryEntry[]): string {
  const rows = entries
    .toReversed()
    .map(({ atMs, actor, what, release = '', result }) => [
      `${duration(Math.max(0, Date.now() - atMs))} ago`,
      actor,
      what,
      release,
      result,
    ]);
  return table(['LAST', 'WHO', 'WHAT', 'RELEASE', 'RESULT'], rows);
}
