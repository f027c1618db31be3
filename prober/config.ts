import { join } from 'node:path';
import { type HealthQuestion, healthQuestion } from '../health/question.ts';
import type { Pool } from '../settings/pool.ts';
import { readSettings } from '../settings/read.ts';
import { variablesOf } from '../settings/variables.ts';

const loopback = '127.0.0.1';

export interface ProberConfig {
  readonly targets: readonly Target[];
  readonly question: HealthQuestion;
  readonly controlDirectory: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly fall: number;
  readonly rise: number;
  readonly port: number;
  /** Only one network may ask for checks, and the container itself for health. */
  readonly bindAddresses: readonly string[];
}

export interface Target {
  readonly pool: Pool;
  readonly origin: string;
  /** The path of the file that exists while the pool is down. */
  readonly flag: string;
}

/** @throws {SettingsError} with all faults at once */
export function readConfig(env: NodeJS.ProcessEnv = process.env): ProberConfig {
  const settings = readSettings(env, variablesOf('health_prober'));
  const target = (pool: Pool, address: string): Target => ({
    pool,
    origin: `http://${address}`,
    flag: join(settings.CONTROL_DIR, `${pool}.down`),
  });
  return {
    controlDirectory: settings.CONTROL_DIR,
    targets: [target('blue', settings.BLUE_ADDRESS), target('green', settings.GREEN_ADDRESS)],
    question: healthQuestion({
      check: settings.HEALTH_CHECK,
      path: settings.HEALTH_PATH,
      host: settings.HEALTH_HOST,
      proto: settings.HEALTH_PROTO,
      statuses: settings.HEALTH_STATUS,
    }),
    intervalMs: settings.PROBE_INTERVAL_MS,
    timeoutMs: settings.PROBE_TIMEOUT_MS,
    fall: settings.PROBE_FALL,
    rise: settings.PROBE_RISE,
    port: settings.PROBER_PORT,
    bindAddresses: ['0.0.0.0', loopback].includes(settings.BIND_ADDRESS)
      ? [settings.BIND_ADDRESS]
      : [settings.BIND_ADDRESS, loopback],
  };
}
