import type { Muted } from '../../journal/muted.ts';
import { pools } from '../../settings/pool.ts';
import { duration, utcTime } from '../../watcher/figures.ts';
import type { Health } from '../../watcher/health.ts';
import { requireUp } from '../choose-engine.ts';
import { type ControlState, controlState, type EdgeStatus } from '../control-state.ts';
import { type Holder, holderText, lockHolder } from '../deploy/lock.ts';
import type { Engine, Service } from '../engine.ts';
import { type HistoryEntry, historyOf } from '../history.ts';
import { ask } from '../http.ts';
import { type PoolStatus, poolStatus } from '../pool-status.ts';
import { edgeUrl, type Stack, watcherUrl } from '../stack.ts';
import { coloured, print, table } from '../terminal.ts';

interface Report {
  readonly engine: string;
  readonly url: string;
  readonly edge: EdgeStatus;
  readonly canaryPercent: number;
  readonly muted: Muted | undefined;
  readonly pools: readonly PoolStatus[];
  readonly services: readonly Service[];
  readonly watcher: Health | undefined;
  /** A deploy that goes on, or was cut off. */
  readonly deploy: (Holder & { readonly alive: boolean }) | undefined;
  /** What was done last. */
  readonly last: HistoryEntry | undefined;
  /** What a browser opens to see the idle colour. A secret. */
  readonly previewLink: string | undefined;
}

/** What serves, what stands by, and whether anything is wrong. */
export async function status(stack: Stack, engine: Engine, options: { json: boolean }): Promise<void> {
  await requireUp(engine);
  const [services, control, states, watcher] = await Promise.all([
    engine.services(),
    controlState(engine),
    Promise.all(pools.map((pool) => poolStatus(stack, pool))),
    ask(`${watcherUrl(stack)}/healthz`),
  ]);
  const { edge, canaryPercent, muted } = control;
  const report: Report = {
    engine: engine.name,
    url: edgeUrl(stack),
    edge,
    canaryPercent,
    muted,
    pools: states,
    services,
    watcher: watcher.status === 0 ? undefined : (JSON.parse(watcher.body) as Health),
    deploy: lockHolder(stack),
    last: lastOf(control),
    previewLink: previewLink(stack),
  };
  print(options.json ? JSON.stringify(report, undefined, 2) : forPeople(report));
}

function lastOf({ journal }: ControlState): HistoryEntry | undefined {
  return historyOf(journal).findLast(({ what }) => /^(deploy|switch|rollback)/.test(what));
}

function previewLink(stack: Stack): string | undefined {
  const token = stack.settings.PREVIEW_TOKEN;
  return token === undefined ? undefined : `${edgeUrl(stack)}/.bluegreen/preview?token=${token}`;
}

function forPeople(report: Report): string {
  const { engine, url, edge, services } = report;
  const poolRows = report.pools.map((pool) => [
    pool.pool,
    pool.pool === edge.active ? 'active' : 'standby',
    releaseText(pool),
    edge.down[pool.pool] ? `${pool.health}, marked down` : pool.health,
    pool.url,
  ]);
  return [
    headline(edge),
    `${url} on the ${engine} engine, nginx ${edge.nginx}`,
    ...notes(report),
    '',
    table(['POOL', 'ROLE', 'RELEASE', 'HEALTH', 'DIRECT'], poolRows),
    '',
    table(
      ['SERVICE', 'STATE', ''],
      services.map(({ name, state, detail }) => [name, state, detail]),
    ),
    '',
    watcherLine(report.watcher),
  ].join('\n');
}

function headline({ active, serving, maintenance, down }: EdgeStatus): string {
  if (maintenance) return coloured('yellow', 'Maintenance: visitors see the maintenance page');
  if (down.blue && down.green) return coloured('red', `Both pools fail their health checks; ${active} is tried first`);
  if (active !== serving) return coloured('red', `Failed over: ${serving} serves, ${active} is active but down`);
  return `${coloured(['bold', active], active)} is active and serves`;
}

function notes({ edge, canaryPercent, muted, deploy, last, previewLink }: Report): string[] {
  const idle = edge.active === 'blue' ? 'green' : 'blue';
  return [
    ...(canaryPercent > 0 ? [coloured('yellow', `Canary: ${canaryPercent}% of the visitors → ${idle}`)] : []),
    ...(muted === undefined
      ? []
      : [coloured('yellow', `Alerts are muted until ${utcTime(muted.untilMs)} by ${muted.actor}`)]),
    ...(deploy === undefined ? [] : [deployLine(deploy, idle)]),
    ...(last === undefined ? [] : [lastLine(last)]),
    ...(previewLink === undefined ? [] : [`Preview of ${idle}: ${previewLink}`]),
  ];
}

function deployLine(deploy: Holder & { readonly alive: boolean }, idle: string): string {
  if (deploy.alive) return `${capital(holderText(deploy))} is going on`;
  const standing = deploy.switched ? 'it had switched already' : `${idle} may run anything: deploy again`;
  return coloured('yellow', `${capital(holderText(deploy))}, was cut off; ${standing}`);
}

function lastLine({ atMs, actor, what, release, result }: HistoryEntry): string {
  const about = release === undefined ? '' : ` of ${release}`;
  return `Last: ${what}${about} by ${actor}, ${duration(Date.now() - atMs)} ago: ${result}`;
}

/** An app that was replaced, or that the env file was changed for, may not run yet what it is meant to. */
function releaseText({ release, reported, planned }: PoolStatus): string {
  return reported === undefined || reported === planned ? release : `${release} (meant: ${planned})`;
}

function watcherLine(watcher: Health | undefined): string {
  if (watcher === undefined) return coloured('red', 'The watcher does not answer: no alert would be sent');
  const { errorPercent, samples } = watcher.window;
  return `The watcher is ${watcher.status}; ${errorPercent.toFixed(2)}% errors in the last ${samples} requests`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
