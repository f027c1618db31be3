import { pools } from '../../settings/pool.ts';
import { holderText, lockHolder } from '../deploy/lock.ts';
import { edgeStatus } from '../edge/control-state.ts';
import { ask, isOk, parsedJson } from '../edge/http.ts';
import { poolStatus, unhealthyReason } from '../edge/pool-status.ts';
import { askThroughEdge } from '../edge/through-edge.ts';
import type { Engine, Service, ServiceName } from '../engine/engine.ts';
import { formerSettingsIn } from '../stack/former-settings.ts';
import { edgeUrl, type Stack, watcherUrl } from '../stack/stack.ts';
import { healthOf } from '../status/watcher-answers.ts';
import { CommandError } from '../terminal/command-error.ts';
import { print, progress, table, warning } from '../terminal/terminal.ts';
import { until } from '../until.ts';

/** How long to wait for the active pool. If it never comes up, the first request causes a failover, and an alert. */
const activeDeadlineMs = 20_000;
const servingDeadlineMs = 120_000;
const companionsDeadlineMs = 30_000;

/** Starts the stack, and prints what runs where. */
export async function up(stack: Stack, engine: Engine): Promise<void> {
  for (const sentence of formerSettingsIn(stack)) warning(sentence);
  await startStack(stack, engine);
  print(await whatRunsWhere(stack, engine));
}

/**
 * Starts the stack and returns when it serves.
 * @throws {CommandError} if a deploy is in progress, or if the stack does not serve within two minutes
 */
export async function startStack(stack: Stack, engine: Engine): Promise<void> {
  const holder = lockHolder(stack);
  if (holder?.alive) {
    throw new CommandError(`${holderText(holder)} is in progress, and changes the stack itself`, {
      next: 'wait for it to finish',
    });
  }
  progress(
    engine.name === 'compose'
      ? 'starting the stack with Docker Compose'
      : 'starting the stack as processes on this host',
  );
  await engine.up();
  progress(`waiting for ${edgeUrl(stack)} to serve`);
  // An earlier request would be answered by the standby: a failover that needs no alert.
  await until(activeDeadlineMs, () => isActiveUp(stack, engine));
  const serving = await until(servingDeadlineMs, async () => (await askThroughEdge(stack)).served);
  if (!serving) throw await notServing(stack, engine);
  await waitForCompanions(stack, engine);
}

async function isActiveUp(stack: Stack, engine: Engine): Promise<boolean> {
  try {
    const { active, down } = await edgeStatus(engine);
    return !down[active] && (await poolStatus(stack, active)).healthy;
  } catch (error) {
    if (error instanceof CommandError) return false;
    throw error;
  }
}

async function notServing(stack: Stack, engine: Engine): Promise<CommandError> {
  const services = (await engine.services()).map(({ name, state, detail }) => `  ${name}: ${state}, ${detail}`);
  const states = await Promise.all(pools.map((pool) => poolStatus(stack, pool)));
  const lines = [
    ...services,
    ...states.map((state) => `  ${state.pool}: ${state.healthy ? 'healthy' : unhealthyReason(state)}`),
  ];
  return new CommandError(`the stack has started, but does not serve:\n${lines.join('\n')}`, {
    next: './bluegreen logs nginx_proxy',
  });
}

/** The site serves without the prober and the watcher, but a failover would be slow, or no alert would be sent. */
async function waitForCompanions(stack: Stack, engine: Engine): Promise<void> {
  let missing: readonly string[] = [];
  const allThere = await until(companionsDeadlineMs, async () => {
    missing = await notReady(stack, engine);
    return missing.length === 0;
  });
  if (!allThere)
    warning(`the stack serves, but these services are not ready: ${missing.join(', ')}; see ./bluegreen status`);
}

async function notReady(stack: Stack, engine: Engine): Promise<string[]> {
  const [services, edge, watcher] = await Promise.all([
    engine.services(),
    edgeStatus(engine),
    ask(`${watcherUrl(stack)}/healthz`),
  ]);
  return services.filter((service) => isBroken(service) || !isReady(service.name)).map(({ name }) => name);

  function isReady(name: ServiceName): boolean {
    switch (name) {
      case 'app_blue':
        return !edge.down.blue;
      case 'app_green':
        return !edge.down.green;
      case 'alert_watcher':
        return isOk(watcher);
      default:
        return true;
    }
  }
}

function isBroken({ state, detail }: Service): boolean {
  return state !== 'running' || /unhealthy|health: starting/.test(detail);
}

async function whatRunsWhere(stack: Stack, engine: Engine): Promise<string> {
  const { settings } = stack;
  const edge = await edgeStatus(engine);
  const pools = await Promise.all((['blue', 'green'] as const).map((pool) => poolStatus(stack, pool)));
  const rows = [
    ['nginx_proxy', edgeUrl(stack), `the site; ${edge.active} is active, nginx ${edge.nginx}`],
    ...pools.map(({ pool, url, release, health }) => {
      const role = pool === edge.active ? 'active' : 'standby';
      return [`app_${pool}`, url, `${role}, ${release}, ${health}`];
    }),
    ['health_prober', '', `checks both pools every ${settings.PROBE_INTERVAL_MS} ms`],
    ['alert_watcher', watcherUrl(stack), `the dashboard; ${whereAlertsGo(stack)}`],
    ...(settings.DOMAINS === undefined ? [] : [['certificates', '', await whatCertificates(stack)]]),
  ];
  return table(['SERVICE', 'URL', 'WHAT'], rows);
}

async function whatCertificates(stack: Stack): Promise<string> {
  const known = healthOf(parsedJson((await ask(`${watcherUrl(stack)}/healthz`)).body))?.certificates ?? [];
  const real = new Set(known.filter(({ source }) => source !== 'self-signed').map(({ domain }) => domain));
  const missing = (stack.settings.DOMAINS ?? []).filter((domain) => !real.has(domain));
  if (missing.length === 0) return 'every domain has a certificate';
  return `self-signed so far, which browsers warn of: ${missing.join(', ')}; see ./bluegreen status`;
}

function whereAlertsGo({ settings }: Stack): string {
  const slack = settings.SLACK_WEBHOOK_URL ?? settings.SLACK_WEBHOOK_URL_FILE;
  const kinds = new Set([
    ...(slack === undefined ? [] : ['slack']),
    ...(settings.ALERT_WEBHOOKS ?? []).map(({ kind }) => kind),
  ]);
  if (kinds.size === 0) return 'alerts go only to its log; set SLACK_WEBHOOK_URL for Slack';
  return `alerts go to ${[...kinds].map((kind) => kind.charAt(0).toUpperCase() + kind.slice(1)).join(', ')}`;
}
