import { availableParallelism, loadavg } from 'node:os';
import { pino } from 'pino';
import { otherPool, type Pool } from '../settings/pool.ts';
import { startProgram } from '../system/program.ts';
import { Breath } from './breath.ts';
import { readConfig } from './config.ts';
import { type Guard, startGuard } from './guard.ts';
import { probeMetrics } from './metrics.ts';
import { type OverloadFlag, overloadFlag } from './overload.ts';
import { type PoolProber, startPoolProber } from './pool-prober.ts';
import { startServer } from './server.ts';

const loadEveryMs = 1_000;

startProgram('health_prober', () => {
  const config = readConfig();
  const log = pino({ base: { service: 'health_prober' } });
  let guard: Guard | undefined;
  let overload: OverloadFlag | undefined;
  const probers = new Map<Pool, PoolProber>();
  const options = {
    ...config,
    breath: new Breath(config),
    onVerdict: () => {
      guard?.update();
      overload?.update();
    },
  };
  for (const target of config.targets) {
    const onLate = () => probers.get(otherPool(target.pool))?.look();
    probers.set(target.pool, startPoolProber(target, { ...options, onLate }, log));
  }
  const areBothUp = () => [...probers.values()].every((prober) => !prober.verdict().down);
  guard = startGuard(config.controlDirectory, areBothUp, log);
  overload = overloadFlag(config.controlDirectory, { breath: options.breath, areBothUp, log });
  const watchLoad = setInterval(() => {
    options.breath.loaded((loadavg()[0] ?? 0) / availableParallelism(), performance.now());
  }, loadEveryMs);
  const servers = startServer(config, { probers, metrics: probeMetrics(probers, overload.isSet), log });
  log.info({ targets: config.targets, intervalMs: config.intervalMs }, 'checking both pools');

  return async () => {
    log.info('stopping and removing the flags');
    clearInterval(watchLoad);
    for (const server of servers) server.close();
    // First, as the edge looks at no flag of a pool while both are said to be up.
    guard?.stop();
    overload?.stop();
    for (const prober of probers.values()) prober.stop();
  };
});
