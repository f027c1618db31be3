import { execa, execaSync } from 'execa';
import { request } from 'undici';
import { pools as bothPools, type Pool } from '../../settings/pool.ts';
import type { DemoPools } from './pools.ts';

/** A way in which the active pool breaks, or both do. */
export interface FaultKind {
  readonly name: string;
  /** In the words of the table. */
  readonly label: string;
  /** A second; they are meant to fail, and count for nothing themselves. */
  readonly poisonRate?: number;
  inject(pools: DemoPools): Promise<void>;
  heal(pools: DemoPools): Promise<void>;
}

function chaos(name: string, label: string, where: readonly Pool[] = ['blue']): FaultKind {
  const tell = async (pools: DemoPools, what: string): Promise<void> => {
    for (const pool of where) await post(pools.ports[pool], what);
  };
  return {
    name,
    label,
    inject: (pools) => tell(pools, `start?mode=${name}`),
    heal: (pools) => tell(pools, 'stop'),
  };
}

async function post(port: number, what: string): Promise<void> {
  const { statusCode, body } = await request(`http://127.0.0.1:${port}/chaos/${what}`, { method: 'POST' });
  await body.dump();
  if (statusCode !== 200) throw new Error(`/chaos/${what} was answered ${statusCode}`);
}

/** Whatever goes to this pool on this machine is lost, as behind a cable that was pulled. Needs root. */
function network(): FaultKind {
  const rule = (port: number) => ['INPUT', '-i', 'lo', '-p', 'tcp', '--dport', String(port), '-j', 'DROP'];
  const cut = new Set<number>();
  process.once('exit', () => {
    for (const port of cut) execaSync('iptables', ['-D', ...rule(port)]);
  });
  // A signal alone would end the bench without that, and leave the rule.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  return {
    name: 'network',
    label: 'cut off the network',
    async inject({ ports }) {
      await execa('iptables', ['-I', ...rule(ports.blue)]);
      cut.add(ports.blue);
    },
    async heal({ ports }) {
      await execa('iptables', ['-D', ...rule(ports.blue)]);
      cut.delete(ports.blue);
    },
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
  network(),
  chaos('disk', 'its disk is full'),
  {
    name: 'block',
    label: 'event loop blocked for 3 s',
    inject: ({ ports }) => post(ports.blue, 'start?mode=block&seconds=3'),
    async heal() {},
  },
  { ...chaos('poison', 'requests that fail on both pools: the others', bothPools), poisonRate: 2 },
];
