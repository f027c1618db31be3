import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { watcherNodeOptions } from '../../cli/engine/host/plan.ts';
import { type Pool, pools } from '../../settings/pool.ts';
import { freePorts } from '../../test/free-port.ts';
import { answers } from './answers.ts';
import { type Program, startProgram } from './program.ts';

/** Two pools, identical for every edge. */
export interface Pools {
  readonly ports: Readonly<Record<Pool, number>>;
  stop(): Promise<void>;
}

/** For throughput: one nginx that answers immediately for both pools. */
export async function startInstantPools(directory: string, core: number | undefined): Promise<Pools> {
  const [blue = 0, green = 0] = await freePorts(2);
  const run = mkdtempSync(join(directory, 'backend-'));
  const configuration = join(run, 'nginx.conf');
  const text = readFileSync(join(import.meta.dirname, 'backend.conf'), 'utf8')
    .replaceAll('RUN_DIR', run)
    .replace('BLUE_PORT', String(blue))
    .replace('GREEN_PORT', String(green));
  writeFileSync(configuration, text);
  const nginx = startProgram('the backend', ['nginx', '-e', 'stderr', '-c', configuration, '-g', 'daemon off;'], {
    env: { PATH: `${process.env.PATH}:/usr/sbin` },
    core,
  });
  await answers('the backend', `http://127.0.0.1:${green}/`, [nginx]);
  return { ports: { blue, green }, stop: () => nginx.stop('SIGQUIT') };
}

/** Two demo apps, whose faults can be simulated. Each can be stopped and restarted. */
export interface DemoPools extends Pools {
  readonly programs: Readonly<Record<Pool, Program>>;
  start(pool: Pool): Promise<void>;
}

export async function startDemoPools(directory: string): Promise<DemoPools> {
  const [blue = 0, green = 0] = await freePorts(2);
  const ports = { blue, green };
  const programs: Partial<Record<Pool, Program>> = {};

  async function start(pool: Pool): Promise<void> {
    const app = startProgram(`app_${pool}`, [process.execPath, join(import.meta.dirname, '../../app/main.ts')], {
      env: {
        PATH: process.env.PATH ?? '',
        NODE_OPTIONS: watcherNodeOptions,
        NODE_COMPILE_CACHE: join(directory, 'compiled'),
        APP_POOL: pool,
        RELEASE_ID: `${pool}-release-1.0.0`,
        PORT: String(ports[pool]),
        BIND_ADDRESS: '127.0.0.1',
      },
    });
    programs[pool] = app;
    await answers(`app_${pool}`, `http://127.0.0.1:${ports[pool]}/healthz`, [app]);
  }

  await Promise.all(pools.map(start));
  return {
    ports,
    programs: programs as Record<Pool, Program>,
    start,
    async stop() {
      await Promise.all(Object.values(programs).map((program) => program.stop('SIGKILL')));
    },
  };
}
