import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'dotenv';
import type { Pool } from '../../settings/pool.ts';
import { readSettings, type Settings, SettingsError } from '../../settings/read.ts';
import { type SettingName, settingNames } from '../../settings/variables.ts';
import { CommandError } from '../terminal/command-error.ts';

export type StackSettings = Settings<SettingName>;

/** The stack that a command works on. */
export interface Stack {
  /** The folder of the kit. */
  readonly root: string;
  readonly envFile: string | undefined;
  /** The environment over the env file, as Compose reads them. */
  readonly env: NodeJS.ProcessEnv;
  /** What the shell says itself, and the env file cannot change. */
  readonly shell: NodeJS.ProcessEnv;
  readonly settings: StackSettings;
}

const root = join(import.meta.dirname, '../..');
const defaultEnvFile = join(root, '.env');

/** The file that holds the stack's settings, which need not be there. */
export function envPath({ envFile }: Pick<Stack, 'envFile'>): string {
  return envFile ?? defaultEnvFile;
}

/**
 * Reads `.env`, or the file that was named, and the environment.
 * @throws {SettingsError} with every fault at once
 * @throws {CommandError} when the named file cannot be read
 */
export function readStack(envFile: string | undefined): Stack {
  const path = envFile === undefined ? defaultEnvFile : resolve(envFile);
  const env = { ...readEnvFile(path, envFile !== undefined), ...process.env };
  const settings = readSettings(env, settingNames);
  const faults = contradictions(settings);
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

/** What is wrong with values that are right by themselves. */
function contradictions(settings: StackSettings): string[] {
  const faults: string[] = [];
  if (settings.SLACK_WEBHOOK_URL !== undefined && settings.SLACK_WEBHOOK_URL_FILE !== undefined) {
    faults.push('SLACK_WEBHOOK_URL, SLACK_WEBHOOK_URL_FILE: expected one of the two, got both');
  }
  const webhookFile = settings.SLACK_WEBHOOK_URL_FILE;
  if (webhookFile !== undefined && !existsSync(resolve(root, webhookFile))) {
    faults.push(`SLACK_WEBHOOK_URL_FILE: expected a file that exists, got "${webhookFile}"`);
  }
  const users = new Map<number, string>();
  for (const name of ['NGINX_PORT', 'BLUE_PORT', 'GREEN_PORT', 'WATCHER_PORT'] as const) {
    const taken = users.get(settings[name]);
    if (taken === undefined) users.set(settings[name], name);
    else faults.push(`${name}: expected a port of its own, got ${settings[name]}, which is ${taken} too`);
  }
  return faults;
}

/** Where a request reaches a pool without the edge. */
export function directUrl({ settings }: Stack, pool: Pool): string {
  return `http://${directHost(settings)}:${pool === 'blue' ? settings.BLUE_PORT : settings.GREEN_PORT}`;
}

export function watcherUrl({ settings }: Stack): string {
  return `http://${directHost(settings)}:${settings.WATCHER_PORT}`;
}

export function edgeUrl({ settings }: Stack): string {
  return `http://127.0.0.1:${settings.NGINX_PORT}`;
}

/** The address to use for what listens on DIRECT_BIND. */
export function directHost(settings: StackSettings): string {
  return settings.DIRECT_BIND === '0.0.0.0' ? '127.0.0.1' : settings.DIRECT_BIND;
}
