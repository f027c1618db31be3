import { request } from 'undici';
import type { DemoPools } from './pools.ts';

/** A way in which the active pool breaks. */
export interface FaultKind {
  readonly name: string;
  /** In the words of the table. */
  readonly label: string;
  inject(pools: DemoPools): Promise<void>;
  heal(pools: DemoPools): Promise<void>;
}

function chaos(name: string, label: string): FaultKind {
  const post = async ({ ports }: DemoPools, what: string): Promise<void> => {
    const { statusCode, body } = await request(`http://127.0.0.1:${ports.blue}/chaos/${what}`, { method: 'POST' });
    await body.dump();
    if (statusCode !== 200) throw new Error(`/chaos/${what} was answered ${statusCode}`);
  };
  return {
    name,
    label,
    inject: (pools) => post(pools, `start?mode=${name}`),
    heal: (pools) => post(pools, 'stop'),
  };
}

export const faultKinds: readonly FaultKind[] = [
  {
    name: 'stop',
    label: 'graceful stop',
    async inject({ programs }) {
      process.kill(programs.blue.pid, 'SIGTERM');
    },
    async heal(pools) {
      // It may still be draining what takes its time.
      await pools.programs.blue.stop();
      await pools.start('blue');
    },
  },
  {
    name: 'kill',
    label: 'kill -9',
    inject: ({ programs }) => programs.blue.stop('SIGKILL'),
    heal: (pools) => pools.start('blue'),
  },
  {
    name: 'freeze',
    label: 'freeze (SIGSTOP)',
    async inject({ programs }) {
      process.kill(programs.blue.pid, 'SIGSTOP');
    },
    async heal({ programs }) {
      process.kill(programs.blue.pid, 'SIGCONT');
    },
  },
  chaos('error', 'every answer a 500'),
  chaos('timeout', 'accepts, never answers'),
  chaos('slow', 'answers after 2 s'),
  chaos('reset', 'reset before the headers'),
  chaos('truncate', 'reset in mid-body'),
];
