import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'dotenv';
import { type HealthQuestion, healthQuestion } from '../../health/question.ts';
import { httpsFaults } from '../../settings/https.ts';
import type { Pool } from '../../settings/pool.ts';
import { readSettings, type Settings, SettingsError } from '../../settings/read.ts';
import { fileSecrets, readSecretFiles } from '../../settings/secret-files.ts';
import { type SettingName, settingNames } from '../../settings/variables.ts';
import { CommandError } from '../terminal/command-error.ts';

export type StackSettings = Settings<SettingName>;

/** The stack that a command works on. */
export interface Stack {
  /** The directory of the checkout. */
  readonly root: string;
  readonly envFile: string | undefined;
  /** The environment, which takes precedence, and the env file, as Compose reads them. */
  readonly env: NodeJS.ProcessEnv;
  /** The environment alone, which the env file cannot change. */
  readonly shell: NodeJS.ProcessEnv;
  /** With the secrets that are in files, unless they are for the eyes of other accounts only. */
  readonly settings: StackSettings;
}

const root = join(import.meta.dirname, '../..');
const defaultEnvFile = join(root, '.env');

/** The file with the stack's settings, which may not exist. */
export function envPath({ envFile }: Pick<Stack, 'envFile'>): string {
  return envFile ?? defaultEnvFile;
}

/**
 * Reads `.env`, or the named file, and the environment.
 * @throws {SettingsError} with every fault at once
 * @throws {CommandError} if the named file cannot be read
 */
export function readStack(envFile: string | undefined): Stack {
  const path = envFile === undefined ? defaultEnvFile : resolve(envFile);
  const env = withHttpPort({ ...readEnvFile(path, envFile !== undefined), ...process.env });
  const secrets = readSecretFiles(env, fileSecrets, { pathOf: (file) => resolve(root, file), unreadable: 'skip' });
  const settings = readSettings(secrets.env, settingNames);
  const faults = [...secrets.faults, ...contradictions(settings)];
  if (faults.length > 0) throw new SettingsError(faults);
  return { root, envFile: envFile === undefined ? undefined : path, env, shell: process.env, settings };
}

function readEnvFile(path: string, wanted: boolean): Record<string, string> {
  if (!wanted && !existsSync(path)) return {};
  try {
    return parse(readFileSync(path));
  } catch (cause) {
    throw new CommandError(`cannot read ${path}: ${(cause as Error).message}`, { code: 'MISUSE', cause });
  }
}

/** With HTTPS, the port of HTTP is there for the CA and for visitors who type no https://, both of whom come to port 80. */
function withHttpPort(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return env.DOMAINS && !env.NGINX_PORT ? { ...env, NGINX_PORT: '80' } : env;
}

/** Faults of values that are valid on their own. */
function contradictions(settings: StackSettings): string[] {
  const faults = httpsFaults(settings);
  const users = new Map<number, string>();
  const https = settings.DOMAINS === undefined ? [] : (['HTTPS_PORT'] as const);
  for (const name of ['NGINX_PORT', ...https, 'BLUE_PORT', 'GREEN_PORT', 'WATCHER_PORT'] as const) {
    const taken = users.get(settings[name]);
    if (taken === undefined) users.set(settings[name], name);
    else
      faults.push(
        `${name}: expected a port that no other setting uses, got ${settings[name]}, which ${taken} uses too`,
      );
  }
  const [main] = settings.DOMAINS ?? [];
  if (main?.startsWith('*'))
    faults.push(`DOMAINS: expected the main domain first, which is no wildcard, got ${JSON.stringify(main)}`);
  return faults;
}

/** What to ask a pool for its health. */
export function questionOf({ settings }: Pick<Stack, 'settings'>): HealthQuestion {
  return healthQuestion({
    check: settings.HEALTH_CHECK,
    path: settings.HEALTH_PATH,
    host: settings.HEALTH_HOST,
    proto: settings.HEALTH_PROTO,
    statuses: settings.HEALTH_STATUS,
  });
}

/** The URL of a pool that bypasses the edge. */
export function directUrl({ settings }: Stack, pool: Pool): string {
  return `http://${directHost(settings)}:${pool === 'blue' ? settings.BLUE_PORT : settings.GREEN_PORT}`;
}

export function watcherUrl({ settings }: Stack): string {
  return `http://${directHost(settings)}:${settings.WATCHER_PORT}`;
}

/** The URL of the site. With DOMAINS, its name need not lead to this machine: see askEdge. */
export function edgeUrl({ settings }: Pick<Stack, 'settings'>): string {
  const { DOMAINS, HTTPS_PORT, NGINX_PORT } = settings;
  if (DOMAINS === undefined) return `http://${edgeHost(settings)}:${NGINX_PORT}`;
  return `https://${DOMAINS[0]}${HTTPS_PORT === 443 ? '' : `:${HTTPS_PORT}`}`;
}

/** The address to connect to for what listens on NGINX_BIND, as in a URL. */
export function edgeHost({ NGINX_BIND }: StackSettings): string {
  if (NGINX_BIND === undefined || NGINX_BIND === '0.0.0.0') return '127.0.0.1';
  return NGINX_BIND === '[::]' ? '[::1]' : NGINX_BIND;
}

/** The same as an address. */
export function edgeAddress(settings: StackSettings): string {
  return edgeHost(settings).replace(/^\[(.*)\]$/, '$1');
}

/** The address to connect to for what listens on DIRECT_BIND. */
export function directHost(settings: StackSettings): string {
  return settings.DIRECT_BIND === '0.0.0.0' ? '127.0.0.1' : settings.DIRECT_BIND;
}
