import { pino } from 'pino';
import { startProgram } from '../system/program.ts';
import { readConfig } from './config.ts';
import { probeMetrics } from './metrics.ts';
import { startPoolProber } from './pool-prober.ts';
import { startServer } from './server.ts';

startProgram('health_prober', () => {
  const config = readConfig();
  const log = pino({ base: { service: 'health_prober' } });
  const probers = new Map(config.targets.map((target) => [target.pool, startPoolProber(target, config, log)]));
  const servers = startServer(config, { probers, metrics: probeMetrics(probers), log });
  log.info({ targets: config.targets, intervalMs: config.intervalMs }, 'checking both pools');

  return async () => {
    log.info('stopping and removing the flags');
    for (const server of servers) server.close();
    await Promise.all([...probers.values()].map((prober) => prober.stop()));
  };
});
