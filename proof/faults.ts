import { request } from 'undici';
import type { Pool } from '../settings/pool.ts';
import type { Hands } from './hands.ts';

export interface Fault {
  readonly name: string;
  /** Whether the fault lasts until it is repaired; false if the engine restarts the pool automatically. */
  readonly lasting: boolean;
  inject(pool: Pool): Promise<void>;
  repair(pool: Pool): Promise<void>;
}

export const faultNames = ['error', 'timeout', 'crash', 'stop', 'freeze', 'restart'] as const;
export type FaultName = (typeof faultNames)[number];

/** The fault of this name. */
export function faultNamed(name: FaultName, hands: Hands, urls: Readonly<Record<Pool, string>>): Fault {
  const chaos = (mode: string): Omit<Fault, 'name'> => ({
    lasting: true,
    inject: (pool) => post(`${urls[pool]}/chaos/start?mode=${mode}`),
    repair: (pool) => post(`${urls[pool]}/chaos/stop`),
  });
  const hand = (action: 'shutdown' | 'kill' | 'freeze'): Omit<Fault, 'name'> => ({
    lasting: true,
    inject: (pool) => hands.do(action, pool),
    repair: (pool) => hands.do('repair', pool),
  });
  switch (name) {
    case 'error':
    case 'timeout':
      return { name, ...chaos(name) };
    case 'crash':
      return { name, ...hand('kill') };
    case 'stop':
      return { name, ...hand('shutdown') };
    case 'freeze':
      return { name, ...hand('freeze') };
    case 'restart':
      return { name, ...chaos('crash'), lasting: false, repair: async () => {} };
    default:
      return name satisfies never;
  }
}

async function post(url: string): Promise<void> {
  const { statusCode, body } = await request(url, { method: 'POST' });
  await body.dump();
  if (statusCode !== 200) throw new Error(`POST ${url} returned ${statusCode}`);
}
