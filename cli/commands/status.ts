import type { Health } from '../../watcher/health.ts';
import { requireUp } from '../choose-engine.ts';
import { type EdgeStatus, edgeStatus } from '../edge-status.ts';
import type { Engine, Service } from '../engine.ts';
import { ask } from '../http.ts';
import { type PoolStatus, poolStatus } from '../pool-status.ts';
import { edgeUrl, type Stack, watcherUrl } from '../stack.ts';
import { coloured, print, table } from '../terminal.ts';

interface Report {
  readonly engine: string;
  readonly url: string;
  readonly edge: EdgeStatus;
  readonly pools: readonly PoolStatus[];
  readonly services: readonly Service[];
  readonly watcher: Health | undefined;
}

/** What serves, what stands by, and whether anything is wrong. */
export async function status(stack: Stack, engine: Engine, options: { json: boolean }): Promise<void> {
  await requireUp(engine);
  const [services, edge, blue, green, watcher] = await Promise.all([
    engine.services(),
    edgeStatus(engine),
    poolStatus(stack, 'blue'),
    poolStatus(stack, 'green'),
    ask(`${watcherUrl(stack)}/healthz`),
  ]);
  const report: Report = {
    engine: engine.name,
    url: edgeUrl(stack),
    edge,
    pools: [blue, green],
    services,
    watcher: watcher.status === 0 ? undefined : (JSON.parse(watcher.body) as Health),
  };
  print(options.json ? JSON.stringify(report, undefined, 2) : forPeople(report));
}

function forPeople({ engine, url, edge, pools, services, watcher }: Report): string {
  const poolRows = pools.map(({ pool, release, health, url }) => {
    const role = pool === edge.active ? 'active' : 'standby';
    return [pool, role, release, edge.down[pool] ? `${health}, marked down` : health, url];
  });
  return [
    headline(edge),
    `${url} on the ${engine} engine, nginx ${edge.nginx}`,
    '',
    table(['POOL', 'ROLE', 'RELEASE', 'HEALTH', 'DIRECT'], poolRows),
    '',
    table(
      ['SERVICE', 'STATE', ''],
      services.map(({ name, state, detail }) => [name, state, detail]),
    ),
    '',
    watcherLine(watcher),
  ].join('\n');
}

function headline({ active, serving, maintenance, down }: EdgeStatus): string {
  if (maintenance) return coloured('yellow', 'Maintenance: visitors see the maintenance page');
  if (down.blue && down.green) return coloured('red', `Both pools fail their health checks; ${active} is tried first`);
  if (active !== serving) return coloured('red', `Failed over: ${serving} serves, ${active} is active but down`);
  return `${coloured(['bold', active], active)} is active and serves`;
}

function watcherLine(watcher: Health | undefined): string {
  if (watcher === undefined) return coloured('red', 'The watcher does not answer: no alert would be sent');
  const { errorPercent, samples } = watcher.window;
  return `The watcher is ${watcher.status}; ${errorPercent.toFixed(2)}% errors in the last ${samples} requests`;
}
