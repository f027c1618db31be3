import * as field from './fields.ts';
import type { Reader, ServiceName } from './services.ts';

// One table, and so longer than other files: every variable of the stack, with who reads it.

type Declarations = Readonly<Record<string, Declaration>>;

/** A variable and who reads it. */
export interface Declaration extends field.Field {
  readonly for: readonly Reader[];
}

const apps = {
  PORT: { for: ['compose', 'app_blue', 'app_green'], ...field.port(3000, 'The port that both apps listen on') },
  ACTIVE_POOL: {
    for: ['nginx_proxy'],
    ...field.oneOf(['blue', 'green'], 'blue', 'The active pool at the first start; afterwards, `switch` changes it'),
  },
  BLUE_IMAGE: { for: ['compose', 'cli'], ...field.optionalImage('The image of the blue pool; unset: the demo app') },
  GREEN_IMAGE: { for: ['compose', 'cli'], ...field.optionalImage('The image of the green pool; unset: the demo app') },
  RELEASE_ID_BLUE: {
    for: ['compose', 'cli'],
    ...field.release('blue-release-1.0.0', 'The release that the blue pool runs'),
  },
  RELEASE_ID_GREEN: {
    for: ['compose', 'cli'],
    ...field.release('green-release-1.0.0', 'The release that the green pool runs'),
  },
  BLUE_CMD: {
    for: ['cli'],
    ...field.command('The command that starts the blue pool on the host engine; unset: the demo app'),
  },
  GREEN_CMD: {
    for: ['cli'],
    ...field.command('The command that starts the green pool on the host engine; unset: the demo app'),
  },
  CHAOS_ENABLED: {
    for: ['app_blue', 'app_green'],
    ...field.trueOrFalse(true, "Enables the demo app's /chaos endpoints, on the direct ports only"),
  },
  APP_READ_ONLY: { for: ['compose'], ...field.trueOrFalse(true, 'Makes the root filesystem of both apps read-only') },
  APP_INIT: {
    for: ['compose'],
    ...field.trueOrFalse(
      true,
      'Runs both apps under an init process; set false if your image has one, such as s6-overlay',
    ),
  },
  APP_MEMORY: { for: ['compose'], ...field.memory('512m', 'The memory limit of each app') },
  EDGE_MEMORY: {
    for: ['compose'],
    ...field.memory('512m', 'The memory limit of the edge, which buffers up to 64 KB of each request body'),
  },
} as const satisfies Declarations;

const alerts = {
  SLACK_WEBHOOK_URL: {
    for: ['alert_watcher', 'cli'],
    ...field.secretUrl('The Slack webhook that alerts go to; unset: they are only logged'),
  },
  SLACK_WEBHOOK_URL_FILE: {
    for: ['compose', 'alert_watcher', 'cli'],
    ...field.filePath('A file that contains the Slack webhook; replaces SLACK_WEBHOOK_URL'),
  },
  ALERT_WEBHOOKS: {
    for: ['alert_watcher', 'cli'],
    ...field.channelList('More channels, as `kind=url` entries; the kinds are slack, mattermost, discord and webhook'),
  },
  ALERT_WEBHOOKS_FILE: {
    for: ['compose', 'alert_watcher', 'cli'],
    ...field.filePath('A file that contains ALERT_WEBHOOKS; replaces ALERT_WEBHOOKS'),
  },
  ALERT_WEBHOOK_SECRET: {
    for: ['alert_watcher'],
    ...field.secretText(16, 'The key that signs alerts to `webhook` channels'),
  },
  ALERT_WEBHOOK_SECRET_FILE: {
    for: ['compose', 'alert_watcher', 'cli'],
    ...field.filePath('A file that contains this key; replaces ALERT_WEBHOOK_SECRET'),
  },
  HTTP_PROXY: { for: ['alert_watcher'], ...field.proxyUrl('The proxy for http:// webhooks') },
  HTTPS_PROXY: { for: ['alert_watcher'], ...field.proxyUrl('The proxy for https:// webhooks; unset: HTTP_PROXY') },
  NO_PROXY: { for: ['alert_watcher'], ...field.hostList('Hosts that are reached without a proxy') },
  ERROR_RATE_THRESHOLD: {
    for: ['alert_watcher'],
    ...field.percent(2, 'Alert when more than this percentage of the requests in the window failed'),
  },
  WINDOW_SIZE: {
    for: ['alert_watcher'],
    ...field.wholeNumber(1, 100_000, 200, 'The number of requests in the error-rate window'),
  },
  SLO_PERCENT: {
    for: ['alert_watcher'],
    ...field.objective(
      'The percentage of requests that should succeed; if set, alert when its error budget burns too fast',
    ),
  },
  ALERT_COOLDOWN_SEC: {
    for: ['alert_watcher'],
    ...field.wholeNumber(0, 86_400, 300, 'The minimum time between two alerts of one kind, in seconds'),
  },
  MAINTENANCE_MODE: {
    for: ['alert_watcher', 'cli'],
    ...field.trueOrFalse(false, 'Holds back failover alerts, for planned work'),
  },
  ALERT_IDENTIFIER: { for: ['alert_watcher'], ...field.freeText('A name for this installation, shown in every alert') },
  RUNBOOK_URL: {
    for: ['alert_watcher'],
    ...field.httpUrl('The URL at which you publish docs/alerts.md; every alert links to its section'),
  },
  DASHBOARD_URL: {
    for: ['alert_watcher'],
    ...field.httpUrl('The URL at which your team reaches the dashboard; every alert links to it'),
  },
} as const satisfies Declarations;

const ports = {
  NGINX_PORT: {
    for: ['compose', 'cli', 'host:nginx_proxy'],
    ...field.port(8080, 'The public port for HTTP; with DOMAINS, 80 unless it is set'),
  },
  NGINX_BIND: {
    for: ['compose', 'cli'],
    ...field.optionalBindAddress(
      'The address that the public port listens on; unset: all. Set 127.0.0.1 behind a proxy on the same machine',
    ),
  },
  BLUE_PORT: { for: ['compose', 'cli'], ...field.port(8081, 'The direct port of the blue pool') },
  GREEN_PORT: { for: ['compose', 'cli'], ...field.port(8082, 'The direct port of the green pool') },
  WATCHER_PORT: {
    for: ['compose', 'cli', 'host:alert_watcher'],
    ...field.port(8083, 'The port of the watcher; the host engine also uses the two ports after it'),
  },
  DIRECT_BIND: {
    for: ['compose', 'cli'],
    ...field.ipAddress('127.0.0.1', 'The address that the direct ports and the watcher listen on'),
  },
} as const satisfies Declarations;

const https = {
  DOMAINS: {
    for: ['compose', 'nginx_proxy', 'alert_watcher', 'certificates', 'cli'],
    ...field.domains(
      'The domains of the site, the main one first; turns HTTPS on, with a certificate for each. Wildcards need ACME_DNS',
    ),
  },
  HTTPS_PORT: { for: ['compose', 'nginx_proxy', 'cli'], ...field.port(443, 'The public port for HTTPS') },
  HSTS_MAX_AGE: {
    for: ['nginx_proxy'],
    ...field.wholeNumber(
      0,
      99_999_999,
      0,
      'The seconds for which browsers use HTTPS only (Strict-Transport-Security); 0: they are not told to',
    ),
  },
  ACME_EMAIL: {
    for: ['certificates'],
    ...field.email("The address for the CA's notices about your certificates"),
  },
  ACME_DIRECTORY: {
    for: ['certificates'],
    ...field.webUrl('https://acme-v02.api.letsencrypt.org/directory', 'The ACME directory of the CA'),
  },
  ACME_CA_FILE: {
    for: ['compose', 'certificates', 'cli'],
    ...field.filePath(
      'A file with the root certificates that ACME_DIRECTORY is trusted with; unset: those of the system',
    ),
  },
  ACME_DNS: {
    for: ['certificates'],
    ...field.dnsProvider(
      'The DNS provider for DNS-01, as lego names it, such as route53; its credentials are in acme.env. Unset: HTTP-01',
    ),
  },
  TLS_CERTIFICATE_FILE: {
    for: ['compose', 'certificates', 'cli'],
    ...field.filePath('Your own certificate for all DOMAINS, with its chain; replaces the CA'),
  },
  TLS_KEY_FILE: {
    for: ['compose', 'certificates', 'cli'],
    ...field.filePath('The private key of TLS_CERTIFICATE_FILE'),
  },
} as const satisfies Declarations;

const healthChecks = {
  HEALTH_PATH: {
    for: ['nginx_proxy', 'app_blue', 'app_green', 'health_prober', 'cli'],
    ...field.urlPath('/healthz', 'The path of the health check, with its query if it needs one'),
  },
  HEALTH_STATUS: {
    for: ['nginx_proxy', 'health_prober', 'cli'],
    ...field.statusList('2xx', 'The statuses with which a healthy app answers the health check'),
  },
  HEALTH_HOST: {
    for: ['nginx_proxy', 'health_prober', 'cli'],
    ...field.hostHeader(
      'The Host header of the health check, for an app that checks it; unset: the address of the pool',
    ),
  },
  HEALTH_PROTO: {
    for: ['nginx_proxy', 'health_prober', 'cli'],
    ...field.oneOf(
      ['http', 'https'],
      'http',
      'The X-Forwarded-Proto header of the health check; https for an app that redirects to HTTPS otherwise',
    ),
  },
  HEALTH_CHECK: {
    for: ['nginx_proxy', 'health_prober', 'cli'],
    ...field.oneOf(
      ['http', 'tcp'],
      'http',
      'How health is checked; with tcp, a connection is enough, so an app that hangs is not found',
    ),
  },
  PROBE_INTERVAL_MS: {
    for: ['health_prober', 'cli'],
    ...field.wholeNumber(50, 60_000, 100, 'The time between two health checks of a pool, in milliseconds'),
  },
  PROBE_TIMEOUT_MS: {
    for: ['health_prober'],
    ...field.wholeNumber(10, 60_000, 200, 'The time after which a health check fails, in milliseconds'),
  },
  PROBE_FALL: {
    for: ['health_prober', 'cli'],
    ...field.wholeNumber(
      1,
      100,
      2,
      'The consecutive failed checks after which a pool is down; a failed request triggers checks at once',
    ),
  },
  PROBE_RISE: {
    for: ['health_prober', 'cli'],
    ...field.wholeNumber(1, 100, 3, 'The consecutive passed checks after which a pool is up again'),
  },
} as const satisfies Declarations;

const edge = {
  PROXY_CONNECT_TIMEOUT: {
    for: ['nginx_proxy', 'cli'],
    ...field.nginxTime('300ms', 'The timeout for connecting to a pool'),
  },
  PROXY_SEND_TIMEOUT: {
    for: ['nginx_proxy'],
    ...field.nginxTime('3s', 'The timeout between two writes to a pool, in the first attempt of GET, HEAD and OPTIONS'),
  },
  PROXY_READ_TIMEOUT: {
    for: ['nginx_proxy', 'cli'],
    ...field.nginxTime(
      '3s',
      'The timeout between two reads from a pool, in the first attempt of GET, HEAD and OPTIONS; then the other pool is asked',
    ),
  },
  PROXY_LAST_TIMEOUT: {
    for: ['nginx_proxy', 'cli'],
    ...field.nginxTime('60s', 'The timeout between two reads or writes in the last attempt, and for all other methods'),
  },
  PROXY_STREAM_TIMEOUT: {
    for: ['nginx_proxy'],
    ...field.nginxTime('60s', 'The timeout between two reads or writes of WebSockets and server-sent events'),
  },
  STREAM_PATHS: {
    for: ['nginx_proxy'],
    ...field.pathPrefixes('Prefixes of paths that are streams even if the client does not accept text/event-stream'),
  },
  ASSET_PATHS: {
    for: ['nginx_proxy'],
    ...field.pathPrefixes('Prefixes of paths of hashed files; for a 404 there, the other pool is asked'),
  },
  TRUSTED_PROXIES: {
    for: ['nginx_proxy'],
    ...field.networks('The proxies whose X-Forwarded-* headers are believed; unset: none'),
  },
  CLIENT_MAX_CONNECTIONS: {
    for: ['nginx_proxy'],
    ...field.wholeNumber(1, 65_535, 2_048, 'The requests in progress per client address; more are answered with 429'),
  },
  CLIENT_MAX_UPLOADS: {
    for: ['nginx_proxy'],
    ...field.wholeNumber(
      1,
      65_535,
      32,
      'The uploads of 100 kB or more in progress per client address; more are answered with 429. Each holds up to CLIENT_MAX_BODY_SIZE of disk (by default 2 GB in all), until 30 s after its last byte',
    ),
  },
  RETRY_NON_IDEMPOTENT: {
    for: ['nginx_proxy'],
    ...field.onOff('off', 'Also retry POST, LOCK and PATCH on the other pool; they may then run twice'),
  },
  CLIENT_MAX_BODY_SIZE: {
    for: ['nginx_proxy'],
    ...field.nginxSize('64m', 'The maximum size of a request body; larger ones are answered with 413'),
  },
  LOG_MAX_MB: {
    for: ['nginx_proxy'],
    ...field.wholeNumber(1, 100_000, 64, 'The size at which the access log is rotated, in MB'),
  },
  LOG_KEEP: {
    for: ['nginx_proxy'],
    ...field.wholeNumber(1, 100, 5, 'The number of rotated access logs to keep'),
  },
} as const satisfies Declarations;

const deploys = {
  PREVIEW_TOKEN: {
    for: ['nginx_proxy', 'cli'],
    ...field.token('Requests with this token in X-Bluegreen-Preview go to the standby pool; unset: no previews'),
  },
  PREVIEW_TOKEN_FILE: {
    for: ['compose', 'nginx_proxy', 'cli'],
    ...field.secretPath('A file that contains this token; replaces PREVIEW_TOKEN'),
  },
  DEPLOY_TIMEOUT: {
    for: ['cli'],
    ...field.nginxTime('60s', 'The time within which a new release must become healthy, or the deploy fails'),
  },
  DRAIN_TIMEOUT: {
    for: ['cli'],
    ...field.nginxTime('30s', 'How long a deploy waits for requests in flight on the standby pool'),
  },
  HOOKS_DIR: {
    for: ['cli'],
    ...field.directory('hooks', 'The directory of the pre-deploy, pre-switch, post-switch and post-rollback hooks'),
  },
  BLUEGREEN_ACTOR: {
    for: ['cli'],
    ...field.actor('Who deploys and switches, as shown in history and alerts; unset: $USER'),
  },
} as const satisfies Declarations;

const installation = {
  STACK_PREFIX: {
    for: ['compose', 'cli'],
    ...field.stackPrefix('The prefix of project, container and image names, for a second stack on one machine'),
  },
  SUBNET_PREFIX: {
    for: ['compose', 'cli'],
    ...field.subnetPrefix('172.31.240', 'The /24 network of the stack on Compose; change it if it is taken'),
  },
  EDGE_SYSCTL: {
    for: ['compose', 'cli'],
    ...field.sysctl(
      'net.ipv4.tcp_migrate_req=1',
      'A setting of the kernel for the network of the edge; before Linux 5.14, set net.ipv4.tcp_fin_timeout=60',
    ),
  },
  LEGO_IMAGE: {
    for: ['compose'],
    ...field.image('goacme/lego:v4.35.2', 'The image with lego, which gets the certificates'),
  },
  NODE_IMAGE: { for: ['compose'], ...field.image('node:24-alpine', 'The base image of the Node programs') },
  NGINX_IMAGE: { for: ['compose'], ...field.image('nginx:1.30-alpine', 'The base image of the edge') },
} as const satisfies Declarations;

/** Set for each service by the engine that starts it. In `.env` they have no effect. */
const internal = {
  ACCESS_LOG: {
    for: ['host:nginx_proxy', 'host:alert_watcher'],
    ...field.absolutePath('/var/log/nginx/access.log', 'The access log, written by the edge and read by the watcher'),
  },
  CONTROL_DIR: {
    for: ['host:nginx_proxy', 'host:health_prober', 'host:alert_watcher'],
    ...field.absolutePath('/var/lib/bluegreen/control', 'The directory of flags and journal'),
  },
  STATE_DIR: {
    for: ['host:alert_watcher'],
    ...field.absolutePath('/var/lib/bluegreen/watcher', 'The directory in which the watcher keeps its state'),
  },
  TLS_DIR: {
    for: ['host:nginx_proxy', 'host:certificates'],
    ...field.absolutePath(
      '/var/lib/bluegreen/certificates',
      'The directory of certificates, keys and the ACME account',
    ),
  },
  ACME_DIR: {
    for: ['host:nginx_proxy', 'host:certificates', 'host:alert_watcher'],
    ...field.absolutePath('/var/lib/bluegreen/acme', 'The directory of ACME challenges and of certificates.json'),
  },
  HTTPS_LISTEN_PORT: {
    for: ['host:nginx_proxy'],
    ...field.port(
      8443,
      'The port that the edge listens on for HTTPS; in its container, Compose publishes it as HTTPS_PORT',
    ),
  },
  RUN_DIR: {
    for: ['host:nginx_proxy'],
    ...field.absolutePath('/var/cache/nginx', "The directory of nginx's PID file and temporary files"),
  },
  PUBLIC_DIR: {
    for: ['host:nginx_proxy'],
    ...field.absolutePath('/usr/share/bluegreen/public', 'The directory of the error and maintenance pages'),
  },
  NGINX_TEMPLATE: {
    for: ['host:nginx_proxy'],
    ...field.absolutePath('/usr/share/bluegreen/nginx.conf.template', 'The template of the nginx configuration'),
  },
  NGINX_CONF: {
    for: ['host:nginx_proxy'],
    ...field.absolutePath('/etc/nginx/nginx.conf.processed', 'The rendered nginx configuration'),
  },
  BIND_ADDRESS: {
    for: ['host:nginx_proxy', 'host:app_blue', 'host:app_green', 'health_prober', 'host:alert_watcher'],
    ...field.bindAddress('0.0.0.0', 'The address that the program listens on; the prober also listens on loopback'),
  },
  APP_POOL: {
    for: ['app_blue', 'app_green'],
    ...field.oneOf(['blue', 'green'], 'blue', 'The pool that this copy of the app belongs to'),
  },
  RELEASE_ID: {
    for: ['app_blue', 'app_green'],
    ...field.release('dev', 'The release that this copy of the app reports'),
  },
  BLUE_ADDRESS: {
    for: ['nginx_proxy', 'health_prober', 'alert_watcher'],
    ...field.address('172.31.240.11:3000', 'The address of the blue pool'),
  },
  GREEN_ADDRESS: {
    for: ['nginx_proxy', 'health_prober', 'alert_watcher'],
    ...field.address('172.31.240.75:3000', 'The address of the green pool'),
  },
  EDGE_ADDRESS: {
    for: ['alert_watcher', 'certificates'],
    ...field.hostAddress(
      'Where the watcher checks that the edge accepts connections, and the certificates program that it serves challenges; unset: they do not check',
    ),
  },
  PROBER_ADDRESS: {
    for: ['alert_watcher'],
    ...field.hostAddress('Where the watcher asks for the health of the prober, and for checks; unset: it does not ask'),
  },
  STATUS_PORT: {
    for: ['host:nginx_proxy'],
    ...field.port(8084, 'The port of the internal status of the edge, on loopback'),
  },
  PROBER_PORT: {
    for: ['host:health_prober'],
    ...field.port(8085, 'The port of the prober: its health, its metrics, and requests for checks'),
  },
} as const satisfies Declarations;

/** What users set in `.env`, in the order of the documentation. */
export const groups: readonly { readonly title: string; readonly settings: Declarations }[] = [
  { title: 'The apps', settings: apps },
  { title: 'Alerts', settings: alerts },
  { title: 'Ports', settings: ports },
  { title: 'HTTPS', settings: https },
  { title: 'Health checks', settings: healthChecks },
  { title: 'The edge', settings: edge },
  { title: 'Deploys', settings: deploys },
  { title: 'Installation', settings: installation },
];

const settings = { ...apps, ...alerts, ...ports, ...https, ...healthChecks, ...edge, ...deploys, ...installation };

/** Every variable, declared once: its default, what it accepts, what it is for, and who reads it. */
export const variables = { ...settings, ...internal };

export type VariableName = keyof typeof variables;
/** A variable that users set. */
export type SettingName = keyof typeof settings;

export const variableNames = Object.keys(variables) as readonly VariableName[];
export const settingNames = Object.keys(settings) as readonly SettingName[];

/** The variables that a service reads. */
export type VariableOf<S extends ServiceName> = {
  [N in VariableName]: Extract<(typeof variables)[N]['for'][number], S | `host:${S}`> extends never ? never : N;
}[VariableName];

export function variablesOf<S extends ServiceName>(service: S): readonly VariableOf<S>[] {
  return variableNames.filter((name) =>
    readersOf(name).some((reader) => reader === service || reader === `host:${service}`),
  ) as VariableOf<S>[];
}

/** Those that the Compose file sets; for the rest, the defaults apply in the container. */
export function containerVariablesOf(service: ServiceName): readonly VariableName[] {
  return variableNames.filter((name) => readersOf(name).includes(service));
}

export function readersOf(name: VariableName): readonly Reader[] {
  return variables[name].for;
}
