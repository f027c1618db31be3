import { readFileSync } from 'node:fs';
import { readSettings, SettingsError } from '../settings/read.ts';

/** Everything the watcher is told from outside. */
export interface Config {
  readonly logPath: string;
  readonly controlDirectory: string;
  readonly host: string;
  readonly port: number;
  readonly thresholdPercent: number;
  readonly windowSize: number;
  readonly cooldownMs: number;
  readonly maintenance: boolean;
  readonly identifier?: string;
  readonly runbookUrl?: string;
  /** A secret. */
  readonly webhookUrl?: string;
}

const names = [
  'ACCESS_LOG',
  'CONTROL_DIR',
  'BIND_ADDRESS',
  'WATCHER_PORT',
  'ERROR_RATE_THRESHOLD',
  'WINDOW_SIZE',
  'ALERT_COOLDOWN_SEC',
  'MAINTENANCE_MODE',
  'ALERT_IDENTIFIER',
  'RUNBOOK_URL',
  'SLACK_WEBHOOK_URL',
  'SLACK_WEBHOOK_URL_FILE',
] as const;

/** @throws {SettingsError} with every fault at once */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const webhook = readWebhook(env);
  const settings = settingsAnd(env, webhook.faults);
  const webhookUrl = webhook.url ?? settings.SLACK_WEBHOOK_URL;
  return {
    logPath: settings.ACCESS_LOG,
    controlDirectory: settings.CONTROL_DIR,
    host: settings.BIND_ADDRESS,
    port: settings.WATCHER_PORT,
    thresholdPercent: settings.ERROR_RATE_THRESHOLD,
    windowSize: settings.WINDOW_SIZE,
    cooldownMs: settings.ALERT_COOLDOWN_SEC * 1_000,
    maintenance: settings.MAINTENANCE_MODE,
    ...(settings.ALERT_IDENTIFIER === undefined ? {} : { identifier: settings.ALERT_IDENTIFIER }),
    ...(settings.RUNBOOK_URL === undefined ? {} : { runbookUrl: settings.RUNBOOK_URL }),
    ...(webhookUrl === undefined ? {} : { webhookUrl }),
  };
}

function settingsAnd(env: NodeJS.ProcessEnv, faults: readonly string[]) {
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

/** The webhook from its file; an empty file, such as /dev/null, means that there is none. */
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
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    return { faults: [unreadable(path, code)] };
  }
  if (url === '') return { faults: [] };
  // The same rule as the variable's, and its value is as secret.
  try {
    readSettings({ SLACK_WEBHOOK_URL: url }, ['SLACK_WEBHOOK_URL']);
  } catch {
    const fault = `SLACK_WEBHOOK_URL_FILE: expected ${path} to hold an http:// or https:// URL, got something else`;
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
  const remedy = remedies[code] ?? 'see that it is a readable file';
  return `SLACK_WEBHOOK_URL_FILE: expected a readable file, got ${code} for ${path}: ${remedy}`;
}
