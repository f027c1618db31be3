import { type LoadProcess, startLoadProcess } from '../../proof/load/load-process.ts';

/** The load of ./bluegreen prove, open loop, on demo apps. Rates are in requests a second. */
export function startBenchLoad(url: string, rate: number, poisonRate = 0): Promise<LoadProcess> {
  return startLoadProcess({ url, rate, clients: 0, mix: { app: 'demo' }, poisonRate, userAgent: 'bluegreen-bench' });
}
