import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { parse } from 'dotenv';
import type { Pool } from '../../../settings/pool.ts';
import { directHost, type Stack } from '../../stack/stack.ts';
import { appOf } from '../engine.ts';
import type { Plan, PlannedService, StateDirectory } from './state-directory.ts';

/** Much short-lived garbage and little else: a small nursery keeps the process under 100 MB and makes it no slower. */
export const watcherNodeOptions = '--max-semi-space-size=2';

/** The same programs, template and entrypoint as in the containers, each with what it needs in its environment. */
export function planOf(stack: Stack, state: StateDirectory): Plan {
  const { root, settings } = stack;
  const address = { BLUE_ADDRESS: addressOf(stack, 'blue'), GREEN_ADDRESS: addressOf(stack, 'green') };
  const program = (name: PlannedService['name'], main: string, env: Environment): PlannedService =>
    service(name, [process.execPath, join(root, main)], env);
  const app = (pool: Pool) => {
    const command = pool === 'blue' ? settings.BLUE_CMD : settings.GREEN_CMD;
    const env = {
      APP_POOL: pool,
      RELEASE_ID: pool === 'blue' ? settings.RELEASE_ID_BLUE : settings.RELEASE_ID_GREEN,
      PORT: pool === 'blue' ? settings.BLUE_PORT : settings.GREEN_PORT,
      BIND_ADDRESS: settings.DIRECT_BIND,
      HEALTH_PATH: settings.HEALTH_PATH,
      CHAOS_ENABLED: settings.CHAOS_ENABLED,
    };
    if (command === undefined) return program(appOf(pool), 'app/main.ts', env);
    return service(appOf(pool), ['/bin/sh', '-c', command], { HOME: homedir(), ...appEnvironment(root), ...env });
  };
  return {
    revision: randomUUID(),
    services: [
      app('blue'),
      app('green'),
      program('health_prober', 'prober/main.ts', {
        ...address,
        CONTROL_DIR: state.control,
        HEALTH_PATH: settings.HEALTH_PATH,
        PROBE_INTERVAL_MS: settings.PROBE_INTERVAL_MS,
        PROBE_TIMEOUT_MS: settings.PROBE_TIMEOUT_MS,
        PROBE_FALL: settings.PROBE_FALL,
        PROBE_RISE: settings.PROBE_RISE,
        BIND_ADDRESS: '127.0.0.1',
        PROBER_PORT: settings.PROBER_PORT,
      }),
      program('alert_watcher', 'watcher/main.ts', {
        NODE_OPTIONS: watcherNodeOptions,
        ...address,
        EDGE_ADDRESS: `127.0.0.1:${settings.NGINX_PORT}`,
        PROBER_ADDRESS: `127.0.0.1:${settings.PROBER_PORT}`,
        ACCESS_LOG: state.accessLog,
        CONTROL_DIR: state.control,
        STATE_DIR: state.watcher,
        BIND_ADDRESS: settings.DIRECT_BIND,
        WATCHER_PORT: settings.WATCHER_PORT,
        SLACK_WEBHOOK_URL: settings.SLACK_WEBHOOK_URL,
        SLACK_WEBHOOK_URL_FILE: settings.SLACK_WEBHOOK_URL_FILE && resolve(root, settings.SLACK_WEBHOOK_URL_FILE),
        ALERT_WEBHOOKS: settings.ALERT_WEBHOOKS?.map(({ kind, url }) => `${kind}=${url}`).join(' '),
        ALERT_WEBHOOK_SECRET: settings.ALERT_WEBHOOK_SECRET,
        HTTP_PROXY: settings.HTTP_PROXY,
        HTTPS_PROXY: settings.HTTPS_PROXY,
        NO_PROXY: settings.NO_PROXY,
        ERROR_RATE_THRESHOLD: settings.ERROR_RATE_THRESHOLD,
        WINDOW_SIZE: settings.WINDOW_SIZE,
        SLO_PERCENT: settings.SLO_PERCENT,
        ALERT_COOLDOWN_SEC: settings.ALERT_COOLDOWN_SEC,
        MAINTENANCE_MODE: settings.MAINTENANCE_MODE,
        ALERT_IDENTIFIER: settings.ALERT_IDENTIFIER,
        RUNBOOK_URL: settings.RUNBOOK_URL,
        DASHBOARD_URL: settings.DASHBOARD_URL,
      }),
      { ...service('nginx_proxy', edgeCommand(stack), edgeEnvironment(stack, state)), stopSignal: 'SIGQUIT' },
    ],
  };
}

/** What a user's app gets beside the kit's own variables, as in the Compose file. */
function appEnvironment(root: string): Record<string, string> {
  const path = join(root, 'app.env');
  return existsSync(path) ? parse(readFileSync(path)) : {};
}

export function edgeCommand({ root }: Stack): [string, ...string[]] {
  return ['/bin/sh', join(root, 'entrypoint.sh')];
}

export function edgeEnvironment(stack: Stack, state: StateDirectory): Record<string, string> {
  const { root, settings } = stack;
  return environment({
    ACTIVE_POOL: settings.ACTIVE_POOL,
    BLUE_ADDRESS: addressOf(stack, 'blue'),
    GREEN_ADDRESS: addressOf(stack, 'green'),
    NGINX_PORT: settings.NGINX_PORT,
    STATUS_PORT: settings.STATUS_PORT,
    HEALTH_PATH: settings.HEALTH_PATH,
    PROXY_CONNECT_TIMEOUT: settings.PROXY_CONNECT_TIMEOUT,
    PROXY_SEND_TIMEOUT: settings.PROXY_SEND_TIMEOUT,
    PROXY_READ_TIMEOUT: settings.PROXY_READ_TIMEOUT,
    PROXY_STREAM_TIMEOUT: settings.PROXY_STREAM_TIMEOUT,
    RETRY_NON_IDEMPOTENT: settings.RETRY_NON_IDEMPOTENT,
    CLIENT_MAX_BODY_SIZE: settings.CLIENT_MAX_BODY_SIZE,
    PREVIEW_TOKEN: settings.PREVIEW_TOKEN,
    LOG_MAX_MB: settings.LOG_MAX_MB,
    LOG_KEEP: settings.LOG_KEEP,
    ACCESS_LOG: state.accessLog,
    CONTROL_DIR: state.control,
    RUN_DIR: state.run,
    PUBLIC_DIR: join(root, 'public'),
    NGINX_TEMPLATE: join(root, 'nginx.conf.template'),
    NGINX_CONF: join(state.run, 'nginx.conf.processed'),
  });
}

type Environment = Readonly<Record<string, string | number | boolean | undefined>>;

function service(name: PlannedService['name'], command: [string, ...string[]], env: Environment): PlannedService {
  return { name, command, env: environment(env), stopSignal: 'SIGTERM', wanted: 'running' };
}

/** Nothing of the caller's environment but where programs are found: a service sees what is meant for it. */
function environment(variables: Environment): Record<string, string> {
  const set = Object.entries(variables).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)]],
  );
  const cache = process.env.NODE_COMPILE_CACHE;
  return {
    PATH: programPath(),
    NODE_COMPILE_CACHE: cache,
    ...Object.fromEntries(set),
  };
}

/** nginx is in a folder that only root has on its PATH. */
export function programPath(): string {
  return `${process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin'}:/usr/local/sbin:/usr/sbin:/sbin`;
}

function addressOf({ settings }: Stack, pool: Pool): string {
  return `${directHost(settings)}:${pool === 'blue' ? settings.BLUE_PORT : settings.GREEN_PORT}`;
}
