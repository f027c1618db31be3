import type { ChannelAddress, ChannelKind } from '../settings/channels.ts';
import type { Pool } from '../settings/pool.ts';
import { readSettings, SettingsError } from '../settings/read.ts';
import { readSecretFiles } from '../settings/secret-files.ts';
import { variablesOf } from '../settings/variables.ts';

/** The watcher's configuration. */
export interface Config {
  readonly logPath: string;
  readonly controlDirectory: string;
  readonly stateDirectory: string;
  /** Where the report on certificates is. */
  readonly acmeDirectory: string;
  /** The entries of DOMAINS; empty without HTTPS. */
  readonly domains: readonly string[];
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
  const { env, faults } = readSecretFiles(withProxies(environment), [
    'SLACK_WEBHOOK_URL',
    'ALERT_WEBHOOKS',
    'ALERT_WEBHOOK_SECRET',
  ]);
  const settings = readSettingsWith(env, faults);
  return {
    logPath: settings.ACCESS_LOG,
    controlDirectory: settings.CONTROL_DIR,
    stateDirectory: settings.STATE_DIR,
    acmeDirectory: settings.ACME_DIR,
    domains: settings.DOMAINS ?? [],
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
    channels: channelsIn(settings.SLACK_WEBHOOK_URL, settings.ALERT_WEBHOOKS ?? []),
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

/** Proxies for outgoing requests, empty if there are none. URLs may contain credentials. */
export interface Proxies {
  readonly http: string;
  readonly https: string;
  /** Hosts to reach directly, as in NO_PROXY. */
  readonly except: string;
}
