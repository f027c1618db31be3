import { spawnSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { parse } from 'dotenv';
import { environmentOf } from '../../../settings/environment.ts';
import type { Pool } from '../../../settings/pool.ts';
import { directHost, edgeHost, type Stack } from '../../stack/stack.ts';
import { internalPorts } from './ports.ts';
import type { Plan, PlannedService, StateDirectory } from './state-directory.ts';

/** The watcher produces much short-lived garbage: a small nursery keeps it under 100 MB and makes it no slower. */
export const watcherNodeOptions = '--max-semi-space-size=2';

/**
 * The same programs, template and entrypoint as in the containers. Each service gets the settings that `settings/` declares
 * for it. Only what differs on the host is named here: addresses, ports and directories.
 */
export function planOf(stack: Stack, state: StateDirectory): Plan {
  const { root, settings, env } = stack;
  const ports = internalPorts(settings);
  const addresses = addressesOf(stack);
  const fromRoot = (path: string | undefined) => fileOf(stack, path);
  return {
    revision: randomUUID(),
    services: [
      app(stack, 'blue', { RELEASE_ID: settings.RELEASE_ID_BLUE, PORT: settings.BLUE_PORT }, settings.BLUE_CMD),
      app(stack, 'green', { RELEASE_ID: settings.RELEASE_ID_GREEN, PORT: settings.GREEN_PORT }, settings.GREEN_CMD),
      service(
        'health_prober',
        program(root, 'prober/main.ts'),
        environmentOf('health_prober', env, {
          ...addresses,
          CONTROL_DIR: state.control,
          BIND_ADDRESS: '127.0.0.1',
          PROBER_PORT: ports.prober,
        }),
      ),
      service('alert_watcher', program(root, 'watcher/main.ts'), {
        NODE_OPTIONS: watcherNodeOptions,
        ...environmentOf('alert_watcher', env, {
          ...addresses,
          EDGE_ADDRESS: `${edgeHost(settings)}:${settings.NGINX_PORT}`,
          PROBER_ADDRESS: `127.0.0.1:${ports.prober}`,
          ACCESS_LOG: state.accessLog,
          CONTROL_DIR: state.control,
          STATE_DIR: state.watcher,
          ACME_DIR: state.acme,
          BIND_ADDRESS: settings.DIRECT_BIND,
          SLACK_WEBHOOK_URL_FILE: fromRoot(settings.SLACK_WEBHOOK_URL_FILE),
          ALERT_WEBHOOKS_FILE: fromRoot(settings.ALERT_WEBHOOKS_FILE),
          ALERT_WEBHOOK_SECRET_FILE: fromRoot(settings.ALERT_WEBHOOK_SECRET_FILE),
        }),
      }),
      ...(settings.DOMAINS === undefined ? [] : [certificates(stack, state)]),
      edge(stack, state),
    ],
  };
}

function app(
  { root, settings, env }: Stack,
  pool: Pool,
  own: { readonly RELEASE_ID: string; readonly PORT: number },
  command: string | undefined,
): PlannedService {
  const name = `app_${pool}` as const;
  const variables = environmentOf(name, env, { APP_POOL: pool, BIND_ADDRESS: settings.DIRECT_BIND, ...own });
  if (command === undefined) return service(name, program(root, 'app/main.ts'), variables);
  return service(name, ['/bin/sh', '-c', command], { HOME: homedir(), ...moreFrom(root, 'app.env'), ...variables });
}

function certificates(stack: Stack, state: StateDirectory): PlannedService {
  const { root, settings, env } = stack;
  const variables = environmentOf('certificates', env, {
    EDGE_ADDRESS: `${edgeHost(settings)}:${settings.NGINX_PORT}`,
    TLS_DIR: state.tls,
    ACME_DIR: state.acme,
    ACME_CA_FILE: fileOf(stack, settings.ACME_CA_FILE),
    TLS_CERTIFICATE_FILE: fileOf(stack, settings.TLS_CERTIFICATE_FILE),
    TLS_KEY_FILE: fileOf(stack, settings.TLS_KEY_FILE),
  });
  return service('certificates', program(root, 'certificates/main.ts'), {
    ...moreFrom(root, 'acme.env'),
    ...variables,
  });
}

/** Additional variables for the user's app or for lego, as in the Compose files. */
function moreFrom(root: string, name: 'app.env' | 'acme.env'): Record<string, string> {
  const path = join(root, name);
  return existsSync(path) ? parse(readFileSync(path)) : {};
}

/** Another nginx takes over if a program has changed; what only its settings change goes by `configure`. */
function edge(stack: Stack, state: StateDirectory): PlannedService {
  const [command, ...args] = edgeCommand(stack);
  const version = edgeVersion(stack);
  const planned = plannedEdge(state);
  const isSame = planned?.handOver?.version === version;
  const runDir = (isSame ? planned.env.RUN_DIR : undefined) ?? join(state.run, randomUUID());
  return {
    ...service('nginx_proxy', [command, ...args], { ...edgeEnvironment(stack, state), RUN_DIR: runDir }),
    stopSignal: 'SIGQUIT',
    handOver: { version, ready: [command, ...args, 'serving'] },
  };
}

function plannedEdge(state: StateDirectory): PlannedService | undefined {
  return state.plan.read()?.services.find(({ name }) => name === 'nginx_proxy');
}

/** Of the scripts and of nginx. */
function edgeVersion({ root }: Stack): string {
  const hash = createHash('sha256');
  for (const script of globSync(['entrypoint.sh', 'edge-*.sh'], { cwd: root }).toSorted())
    hash.update(readFileSync(join(root, script)));
  const nginx = spawnSync('nginx', ['-v'], { env: { PATH: programPath() }, encoding: 'utf8' });
  return hash.update(nginx.stderr ?? '').digest('hex');
}

function fileOf({ root }: Stack, path: string | undefined): string | undefined {
  return path && resolve(root, path);
}

export function edgeCommand({ root }: Stack): [string, ...string[]] {
  return ['/bin/sh', join(root, 'entrypoint.sh')];
}

export function edgeEnvironment(stack: Stack, state: StateDirectory): Record<string, string> {
  const { root, settings, env } = stack;
  return withPath(
    environmentOf('nginx_proxy', env, {
      ...addressesOf(stack),
      BIND_ADDRESS: settings.NGINX_BIND ?? '0.0.0.0',
      STATUS_PORT: internalPorts(settings).status,
      PREVIEW_TOKEN_FILE: fileOf(stack, settings.PREVIEW_TOKEN_FILE),
      ACCESS_LOG: state.accessLog,
      CONTROL_DIR: state.control,
      RUN_DIR: plannedEdge(state)?.env.RUN_DIR ?? state.run,
      HTTPS_LISTEN_PORT: settings.HTTPS_PORT,
      TLS_DIR: state.tls,
      ACME_DIR: state.acme,
      PUBLIC_DIR: join(root, 'public'),
      NGINX_TEMPLATE: join(root, 'nginx.conf.template'),
      NGINX_CONF: join(state.run, 'nginx.conf.processed'),
    }),
  );
}

function program(root: string, main: string): [string, ...string[]] {
  return [process.execPath, join(root, main)];
}

function service(
  name: PlannedService['name'],
  command: [string, ...string[]],
  variables: Readonly<Record<string, string>>,
): PlannedService {
  return { name, command, env: withPath(variables), stopSignal: 'SIGTERM', wanted: 'running' };
}

/** Of the caller's environment, a service gets only what is declared for it, and where programs are found. */
function withPath(variables: Readonly<Record<string, string>>): Record<string, string> {
  const cache = process.env.NODE_COMPILE_CACHE;
  return { PATH: programPath(), ...(cache === undefined ? {} : { NODE_COMPILE_CACHE: cache }), ...variables };
}

/** nginx is in a directory that only root has on its PATH. */
export function programPath(): string {
  return `${process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin'}:/usr/local/sbin:/usr/sbin:/sbin`;
}

function addressesOf({ settings }: Stack) {
  const host = directHost(settings);
  return { BLUE_ADDRESS: `${host}:${settings.BLUE_PORT}`, GREEN_ADDRESS: `${host}:${settings.GREEN_PORT}` };
}
