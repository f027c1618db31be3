import { pino } from 'pino';
import { startProgram } from '../system/program.ts';
import { readConfig } from './config.ts';
import { type Guard, startGuard } from './guard.ts';
import { probeMetrics } from './metrics.ts';
import { startPoolProber } from './pool-prober.ts';
import { startServer } from './server.ts';

startProgram('health_prober', () => {
  const config = readConfig();
  const log = pino({ base: { service: 'health_prober' } });
  let guard: Guard | undefined;
  const options = { ...config, onVerdict: () => guard?.update() };
  const probers = new Map(config.targets.map((target) => [target.pool, startPoolProber(target, options, log)]));
  const areBothUp = () => [...probers.values()].every((prober) => !prober.verdict().down);
  guard = startGuard(config.controlDirectory, areBothUp, log);
  const server = startServer(config, { probers, metrics: probeMetrics(probers), log });
  log.info({ targets: config.targets, intervalMs: config.intervalMs }, 'checking both pools');

  return async () => {
    log.info('stopping and removing the flags');
    server.close();
    // First, as the edge looks at no flag of a pool while both are said to be up.
    guard?.stop();
    await Promise.all([...probers.values()].map((prober) => prober.stop()));
  };
});
