import type { Strange } from '../../proof/load/load.ts';
import { type LoadProcess, startLoadProcess } from '../../proof/load/load-process.ts';

/** The open-loop load of ./bluegreen prove on demo apps. Rates are in requests per second. */
export function startBenchLoad(url: string, rate: number, strange?: Strange): Promise<LoadProcess> {
  return startLoadProcess({
    site: { url },
    rate,
    clients: 0,
    mix: { app: 'demo' },
    strange,
    userAgent: 'bluegreen-bench',
  });
}
