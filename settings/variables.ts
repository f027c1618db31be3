import * as field from './fields.ts';

/**
 * Every variable of the kit, once: its default, what it takes and what it is for. Programs pick the ones they read;
 * `.env.example`, the README's table, the Compose file and the entrypoint are held against this list by a test.
 */
export const variables = {
  ACTIVE_POOL: field.oneOf(
    ['blue', 'green'],
    'blue',
    'The active colour at the very first start; later `switch` decides',
  ),
  PORT: field.port(3000, 'The port the apps listen on'),
  BLUE_IMAGE: field.image(undefined, "Blue's image; unset: the demo app"),
  GREEN_IMAGE: field.image(undefined, "Green's image; unset: the demo app"),
  RELEASE_ID_BLUE: field.release('blue-release-1.0.0', 'The release blue runs'),
  RELEASE_ID_GREEN: field.release('green-release-1.0.0', 'The release green runs'),
  BLUE_CMD: field.command('The command that runs blue on the host engine; unset: the demo app'),
  GREEN_CMD: field.command('The command that runs green on the host engine; unset: the demo app'),
  CHAOS_ENABLED: field.flag(true, "The demo app's /chaos endpoints, on the direct ports only"),

  SLACK_WEBHOOK_URL: field.secretUrl('Where alerts go; unset: to the log only'),
  SLACK_WEBHOOK_URL_FILE: field.filePath('A file that holds the webhook, in place of the variable'),
  ALERT_WEBHOOKS: field.channelList('More channels, as `kind=url` entries: slack, mattermost, discord, webhook'),
  ALERT_WEBHOOK_SECRET: field.secretText(16, 'Signs what goes to `webhook` channels'),
  HTTP_PROXY: field.proxyUrl('The proxy on the way to http:// webhooks'),
  HTTPS_PROXY: field.proxyUrl('The proxy on the way to https:// webhooks; unset: as HTTP_PROXY'),
  NO_PROXY: field.hostList('Hosts that are reached without a proxy'),
  ERROR_RATE_THRESHOLD: field.percent(2, 'Alert when more than this share (percent) of the window failed'),
  WINDOW_SIZE: field.wholeNumber(1, 100_000, 200, 'Requests in the error-rate window'),
  SLO_PERCENT: field.objective(
    'The share of requests (percent) that is to succeed; set: alert when its error budget burns too fast',
  ),
  ALERT_COOLDOWN_SEC: field.wholeNumber(0, 86_400, 300, 'Seconds between two alerts of one kind'),
  MAINTENANCE_MODE: field.flag(false, 'Holds failover alerts back during planned work'),
  ALERT_IDENTIFIER: field.freeText('Names this installation in every alert'),
  RUNBOOK_URL: field.httpUrl('Where docs/alerts.md is published; every alert links to its section'),
  DASHBOARD_URL: field.httpUrl('The dashboard as your people reach it; linked from every alert'),

  NGINX_PORT: field.port(8080, 'The public port'),
  BLUE_PORT: field.port(8081, "Blue's direct port"),
  GREEN_PORT: field.port(8082, "Green's direct port"),
  WATCHER_PORT: field.port(8083, "The watcher's port"),
  DIRECT_BIND: field.ipAddress('127.0.0.1', 'The address that the three direct ports listen on'),

  HEALTH_PATH: field.urlPath('/healthz', 'Where an app says whether it is well (2xx)'),
  PROBE_INTERVAL_MS: field.wholeNumber(50, 60_000, 100, 'Milliseconds between two health checks of a pool'),
  PROBE_TIMEOUT_MS: field.wholeNumber(10, 60_000, 200, 'A check that takes longer has failed'),
  PROBE_FALL: field.wholeNumber(
    1,
    100,
    2,
    'Failed checks in a row until a pool is down; after a request that failed, they are made at once',
  ),
  PROBE_RISE: field.wholeNumber(1, 100, 3, 'Good checks in a row until it is up again'),

  PROXY_CONNECT_TIMEOUT: field.nginxTime('300ms', 'Wait for a connection to a pool'),
  PROXY_SEND_TIMEOUT: field.nginxTime('3s', 'Wait between two writes to a pool'),
  PROXY_READ_TIMEOUT: field.nginxTime('3s', 'Wait between two reads from a pool'),
  PROXY_STREAM_TIMEOUT: field.nginxTime('60s', 'The same for WebSockets and server-sent events'),
  RETRY_NON_IDEMPOTENT: field.onOff(
    'off',
    'Also repeat POST, LOCK and PATCH on the other pool; they may then run twice',
  ),
  CLIENT_MAX_BODY_SIZE: field.nginxSize('64m', 'The largest request body; a larger one is answered 413'),
  LOG_MAX_MB: field.wholeNumber(1, 100_000, 64, 'The access log is rotated at this size'),
  LOG_KEEP: field.wholeNumber(1, 100, 5, 'Rotated access logs that are kept'),

  PREVIEW_TOKEN: field.token('Shows the idle colour to whoever sends it as X-Bluegreen-Preview; unset: to nobody'),

  DEPLOY_TIMEOUT: field.nginxTime('60s', 'A new release is healthy within this time, or the deploy fails'),
  DRAIN_TIMEOUT: field.nginxTime('30s', 'How long a deploy waits for the idle colour to finish its requests'),
  HOOKS_DIR: field.directory('hooks', 'Where pre-deploy, pre-switch, post-switch and post-rollback are looked for'),
  BLUEGREEN_ACTOR: field.actor('Who deploys and switches, in history and alerts; unset: $USER'),

  SUBNET_PREFIX: field.subnetPrefix('172.31.240', "The stack's network on Compose, a /24; move it where it collides"),
  STACK_PREFIX: field.stackPrefix(
    'Begins the names of project, containers and images; for a second stack on one machine',
  ),
  APP_READ_ONLY: field.flag(true, "The apps' root filesystem is read-only"),
  APP_MEMORY: field.memory('512m', 'Memory limit of each app'),
  EDGE_MEMORY: field.memory(
    '512m',
    'Memory limit of the edge: 64 KB for each request body that is on its way, and more',
  ),
  NODE_IMAGE: field.image('node:24-alpine', 'Base image of the Node programs'),
  NGINX_IMAGE: field.image('nginx:1.30-alpine', 'Base image of the edge'),

  ACCESS_LOG: field.absolutePath('/var/log/nginx/access.log', 'Where the edge writes and the watcher reads'),
  CONTROL_DIR: field.absolutePath('/var/lib/bluegreen/control', 'The flag files'),
  STATE_DIR: field.absolutePath('/var/lib/bluegreen/watcher', "The watcher's own state"),
  BIND_ADDRESS: field.ipAddress('0.0.0.0', 'The address that a program listens on'),
  APP_POOL: field.oneOf(['blue', 'green'], 'blue', 'Which pool this copy of the demo app belongs to'),
  RELEASE_ID: field.release('dev', 'The release this copy of the demo app reports'),
  BLUE_ADDRESS: field.address('172.31.240.11:3000', 'Where blue listens'),
  GREEN_ADDRESS: field.address('172.31.240.12:3000', 'Where green listens'),
  EDGE_ADDRESS: field.hostAddress('Where the watcher asks whether the edge is there; unset: nowhere'),
  PROBER_ADDRESS: field.hostAddress(
    'Where the watcher asks whether the prober is well, and for checks; unset: nowhere',
  ),
  STATUS_PORT: field.port(8084, "The edge's internal status, on loopback (host engine)"),
  PROBER_PORT: field.port(
    8085,
    "The prober's health, and where it is told of requests that failed, on loopback (host engine)",
  ),
} as const;

export type VariableName = keyof typeof variables;

export const variableNames = Object.keys(variables) as readonly VariableName[];
