import { readFileSync } from 'node:fs';
import type { ChannelAddress, ChannelKind } from '../settings/channels.ts';
import type { Pool } from '../settings/pool.ts';
import { readSettings, SettingsError } from '../settings/read.ts';
import { variablesOf } from '../settings/variables.ts';
import { errorCode } from '../system/error-code.ts';

/** The watcher's configuration. */
export interface Config {
  readonly logPath: string;
  readonly controlDirectory: string;
  readonly stateDirectory: string;
  readonly host: string;
  readonly port: number;
  readonly thresholdPercent: number;
  readonly windowSize: number;
  readonly sloPercent?: number | undefined;
  readonly cooldownMs: number;
  readonly maintenance: boolean;
  readonly identifier?: string | undefined;
  readonly runbookUrl?: string | undefined;
  readonly dashboardUrl?: string | undefined;
  readonly channels: readonly ChannelConfig[];
  /** Signs what goes to `webhook` channels. A secret. */
  readonly webhookSecret?: string | undefined;
  readonly proxies: Proxies;
  /** Where the pools listen, as the edge logs it. */
  readonly addresses: { readonly [pool in Pool]: string };
  /** Host and port of the edge, and of the prober's health endpoint; undefined if not known. */
  readonly edgeAddress?: string | undefined;
  readonly proberAddress?: string | undefined;
}

/** A channel that alerts are sent to. */
export interface ChannelConfig {
  /** The kind, with a number from the second channel of a kind on, as in `slack-2`. Stable unless the settings change. */
  readonly name: string;
  readonly kind: ChannelKind;
  /** A secret. */
  readonly url: string;
}

const names = variablesOf('alert_watcher');

/** @throws {SettingsError} with every fault at once */
export function readConfig(environment: NodeJS.ProcessEnv = process.env): Config {
  const env = withProxies(environment);
  const webhook = readWebhook(env);
  const settings = readSettingsWith(env, webhook.faults);
  const webhookUrl = webhook.url ?? settings.SLACK_WEBHOOK_URL;
  return {
    logPath: settings.ACCESS_LOG,
    controlDirectory: settings.CONTROL_DIR,
    stateDirectory: settings.STATE_DIR,
    host: settings.BIND_ADDRESS,
    port: settings.WATCHER_PORT,
    thresholdPercent: settings.ERROR_RATE_THRESHOLD,
    windowSize: settings.WINDOW_SIZE,
    sloPercent: settings.SLO_PERCENT,
    cooldownMs: settings.ALERT_COOLDOWN_SEC * 1_000,
    maintenance: settings.MAINTENANCE_MODE,
    identifier: settings.ALERT_IDENTIFIER,
    runbookUrl: settings.RUNBOOK_URL,
    dashboardUrl: settings.DASHBOARD_URL,
    channels: channelsIn(webhookUrl, settings.ALERT_WEBHOOKS ?? []),
    webhookSecret: settings.ALERT_WEBHOOK_SECRET,
    proxies: {
      http: settings.HTTP_PROXY ?? '',
      https: settings.HTTPS_PROXY ?? '',
      except: settings.NO_PROXY ?? '',
    },
    addresses: { blue: settings.BLUE_ADDRESS, green: settings.GREEN_ADDRESS },
    edgeAddress: settings.EDGE_ADDRESS,
    proberAddress: settings.PROBER_ADDRESS,
  };
}

/** Accepts the lower-case names of proxy variables, which other programs use. Docker sets both. */
function withProxies(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { http_proxy, https_proxy, no_proxy } = env;
  return {
    ...env,
    HTTP_PROXY: env.HTTP_PROXY || http_proxy,
    HTTPS_PROXY: env.HTTPS_PROXY || https_proxy,
    NO_PROXY: env.NO_PROXY || no_proxy,
  };
}

/** The channel from SLACK_WEBHOOK_URL comes first, then the list in its order. */
function channelsIn(slackUrl: string | undefined, list: readonly ChannelAddress[]): ChannelConfig[] {
  const all: ChannelAddress[] = [
    ...(slackUrl === undefined ? [] : [{ kind: 'slack', url: slackUrl } as const]),
    ...list.filter(({ url }) => url !== slackUrl),
  ];
  const counts = new Map<ChannelKind, number>();
  return all.map(({ kind, url }) => {
    const count = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, count);
    return { name: count === 1 ? kind : `${kind}-${count}`, kind, url };
  });
}

function readSettingsWith(env: NodeJS.ProcessEnv, faults: readonly string[]) {
  try {
    const settings = readSettings(env, names);
    if (faults.length === 0) return settings;
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    throw new SettingsError([...error.faults, ...faults]);
  }
  throw new SettingsError(faults);
}

interface Webhook {
  readonly url?: string;
  readonly faults: readonly string[];
}

/** Reads the webhook from its file. An empty file, such as /dev/null, means that there is none. */
function readWebhook(env: NodeJS.ProcessEnv): Webhook {
  const path = env.SLACK_WEBHOOK_URL_FILE;
  if (path === undefined || path === '') return { faults: [] };
  if (env.SLACK_WEBHOOK_URL !== undefined && env.SLACK_WEBHOOK_URL !== '') {
    return { faults: ['SLACK_WEBHOOK_URL and SLACK_WEBHOOK_URL_FILE: expected one of them, got both'] };
  }
  let url: string;
  try {
    url = readFileSync(path, 'utf8').trim();
  } catch (error) {
    return { faults: [unreadable(path, errorCode(error) ?? 'unknown error')] };
  }
  if (url === '') return { faults: [] };
  // The file's content follows the same rule as the variable, and is as secret.
  try {
    readSettings({ SLACK_WEBHOOK_URL: url }, ['SLACK_WEBHOOK_URL']);
  } catch {
    const fault = `SLACK_WEBHOOK_URL_FILE: expected ${path} to contain an http:// or https:// URL, got something else`;
    return { faults: [`${fault} (not shown: it is a secret)`] };
  }
  return { url, faults: [] };
}

function unreadable(path: string, code: string): string {
  const remedies: { readonly [code: string]: string } = {
    EACCES: `make it readable for user ${process.getuid?.() ?? 'of the watcher'} (chmod 644, or chown it)`,
    ENOENT: 'create it, or unset the variable',
    EISDIR: 'it is a directory (Docker makes one where a mounted file is missing): put a file in its place',
  };
  const remedy = remedies[code] ?? 'make sure that it is a readable file';
  return `SLACK_WEBHOOK_URL_FILE: expected a readable file, got ${code} for ${path}: ${remedy}`;
}

/** Proxies for outgoing requests, empty if there are none. URLs may contain credentials. */
export interface Proxies {
  readonly http: string;
  readonly https: string;
  /** Hosts to reach directly, as in NO_PROXY. */
  readonly except: string;
}
