import type { Pool } from '../settings/pool.ts';
import { readSettings } from '../settings/read.ts';
import { variablesOf } from '../settings/variables.ts';

export interface AppConfig {
  readonly pool: Pool;
  readonly release: string;
  readonly port: number;
  readonly bindAddress: string;
  readonly healthPath: string;
  readonly chaosEnabled: boolean;
}

/** @throws {SettingsError} with all faults at once */
export function readConfig(env: NodeJS.ProcessEnv = process.env): AppConfig {
  const settings = readSettings(env, variablesOf('app_blue')); // app_green has the same variables
  return {
    pool: settings.APP_POOL,
    release: settings.RELEASE_ID,
    port: settings.PORT,
    bindAddress: settings.BIND_ADDRESS,
    // Routes are found by the path alone.
    healthPath: settings.HEALTH_PATH.replace(/[?].*/, ''),
    chaosEnabled: settings.CHAOS_ENABLED,
  };
}
