import { brokenHooks } from '../deploy/hooks.ts';
import { holderText, lockHolder } from '../deploy/lock.ts';
import { edgeStatus } from '../edge/control-state.ts';
import { poolStatus, unhealthyReason } from '../edge/pool-status.ts';
import { composeUnavailable } from '../engine/compose/engine.ts';
import { kernelFault } from '../engine/compose/kernel.ts';
import { type Engine, isHealthy } from '../engine/engine.ts';
import { edgeTools, isInstalled } from '../engine/host/tools.ts';
import { freeDiskText, hasFreeDisk } from '../stack/disk.ts';
import { domainFindings } from '../stack/domains.ts';
import { envFileFindings, ipv6Finding, portExposure } from '../stack/exposure.ts';
import { formerSettingsIn } from '../stack/former-settings.ts';
import { forbiddenPorts, takenPorts } from '../stack/port-owner.ts';
import { directHost, type Stack } from '../stack/stack.ts';
import { certificateFindings } from '../status/certificates.ts';
import { watcherHealth } from '../status/look.ts';
import { error, type Finding, ok, warn } from '../terminal/finding.ts';
import { print, styledForStdout } from '../terminal/terminal.ts';

/** Checks the setup and prints a line for each finding. False if one of them is an error. */
export async function doctor(stack: Stack, engine: Engine): Promise<boolean> {
  const findings = [
    ok('.env: every variable is valid'),
    ...formerSettingsIn(stack).map(warn),
    ...(await engineFindings(stack, engine)),
    diskFinding(stack),
    webhookFinding(stack),
    ...envFileFindings(stack),
    ...portExposure(engine.ports),
    ...(engine.name === 'compose' ? ipv6Finding(stack) : []),
    ...brokenHooks(stack).map((path) => error(`${path} is not executable; chmod +x it, or remove it`)),
    ...lockFindings(stack),
    ...(await domainFindings(stack.settings.DOMAINS ?? [])),
    ...((await engine.isUp()) ? await stackFindings(stack, engine) : await portFindings(engine)),
  ];
  for (const { level, text } of findings) print(`${mark(level)} ${text}`);
  return findings.every(({ level }) => level !== 'error');
}

function mark(level: Finding['level']): string {
  switch (level) {
    case 'ok':
      return styledForStdout('green', 'ok     ');
    case 'warning':
      return styledForStdout('yellow', 'warning');
    case 'error':
      return styledForStdout('red', 'error  ');
    default:
      return level satisfies never;
  }
}

async function engineFindings(stack: Stack, engine: Engine): Promise<Finding[]> {
  const reason = await composeUnavailable();
  const docker =
    reason === undefined ? ok('Docker Compose is available') : warn(`Docker Compose is not available: ${reason}`);
  if (engine.name === 'compose') {
    const kernel = reason === undefined ? await kernelFault(stack.settings) : undefined;
    return kernel === undefined ? [docker] : [docker, error(kernel)];
  }
  const missing = edgeTools.filter((tool) => !isInstalled(tool));
  const tools =
    missing.length === 0
      ? ok('nginx is installed')
      : warn(`not installed: ${missing.join(', ')}; ./bluegreen up installs them, or says how to`);
  return [docker, tools];
}

function diskFinding(stack: Stack): Finding {
  const text = freeDiskText(stack);
  return hasFreeDisk(stack) ? ok(text) : error(`${text}; expected 1 GiB or more`);
}

function webhookFinding({ settings }: Stack): Finding {
  const { SLACK_WEBHOOK_URL_FILE: slackFile, ALERT_WEBHOOKS_FILE: file } = settings;
  const webhook = settings.SLACK_WEBHOOK_URL ?? slackFile ?? settings.ALERT_WEBHOOKS ?? file;
  return webhook === undefined
    ? warn('neither SLACK_WEBHOOK_URL nor ALERT_WEBHOOKS is set: alerts go only to the log of alert_watcher')
    : ok('a webhook is set');
}

function lockFindings(stack: Stack): Finding[] {
  const holder = lockHolder(stack);
  if (holder === undefined) return [];
  return [
    holder.alive
      ? ok(`${holderText(holder)} is in progress`)
      : warn(`${holderText(holder)} was interrupted; deploy again`),
  ];
}

async function portFindings({ name, ports }: Engine): Promise<Finding[]> {
  // On Compose, Docker listens on them, which is root.
  const forbidden = name === 'host' ? await forbiddenPorts(ports) : undefined;
  const faults = [...(forbidden === undefined ? [] : [forbidden]), ...(await takenPorts(ports))].map(error);
  return [warn('the stack is not running'), ...(faults.length > 0 ? faults : [ok('its ports are free')])];
}

async function stackFindings(stack: Stack, engine: Engine): Promise<Finding[]> {
  const services = (await engine.services()).map((service) => {
    const { name, state, detail } = service;
    return isHealthy(service)
      ? ok(`${name} is running`)
      : error(`${name}: ${state}, ${detail}; see ./bluegreen logs ${name}`);
  });
  const certificates = certificateFindings(
    stack.settings.DOMAINS ?? [],
    (await watcherHealth(stack)).watcher?.certificates,
  );
  const edge = await edgeStatus(engine).catch(() => undefined);
  if (edge === undefined) return [...services, ...certificates, error('the edge does not answer on its status port')];
  const pools = await Promise.all(
    (['blue', 'green'] as const).map(async (pool) => {
      const found = await poolStatus(stack, pool);
      const { healthy } = found;
      if (healthy && edge.down[pool]) return error(`${pool} answers, but is marked down: is health_prober running?`);
      return healthy
        ? ok(`${pool} is healthy`)
        : error(`${pool}: ${unhealthyReason(found)} on ${directHost(stack.settings)}`);
    }),
  );
  const guard = edge.guarded ? [] : [error('the prober does not respond, so the edge relies on passive checks')];
  const maintenance = edge.maintenance ? [warn('maintenance is on: visitors see the maintenance page')] : [];
  return [...services, ...pools, ...guard, ...maintenance, ...certificates];
}
