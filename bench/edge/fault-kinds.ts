import { execa, execaSync } from 'execa';
import { request } from 'undici';
import type { Strange } from '../../proof/load/load.ts';
import type { DemoPools } from './pools.ts';

/** A way to break the active pool or both pools. */
export interface FaultKind {
  readonly name: string;
  /** Its name in the table and the plots. */
  readonly label: string;
  /** The requests of a stranger, which are not counted. */
  readonly strange?: Strange;
  inject(pools: DemoPools): Promise<void>;
  repair(pools: DemoPools): Promise<void>;
}

function chaos(name: string, label: string): FaultKind {
  return {
    name,
    label,
    inject: ({ ports }) => post(ports.blue, `start?mode=${name}`),
    repair: ({ ports }) => post(ports.blue, 'stop'),
  };
}

async function post(port: number, verb: string): Promise<void> {
  const { statusCode, body } = await request(`http://127.0.0.1:${port}/chaos/${verb}`, { method: 'POST' });
  await body.dump();
  if (statusCode !== 200) throw new Error(`/chaos/${verb} was answered with ${statusCode}`);
}

/** Drops all packets to the pool, like an unplugged cable. Needs root. */
function network(): FaultKind {
  const rule = (port: number) => ['INPUT', '-i', 'lo', '-p', 'tcp', '--dport', String(port), '-j', 'DROP'];
  const cut = new Set<number>();
  process.once('exit', () => {
    for (const port of cut) execaSync('iptables', ['-D', ...rule(port)]);
  });
  // A signal would end the bench without an exit event and leave the rule in place.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  return {
    name: 'network',
    label: 'cut off the network',
    async inject({ ports }) {
      await execa('iptables', ['-I', ...rule(ports.blue)]);
      cut.add(ports.blue);
    },
    async repair({ ports }) {
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
    async repair(pools) {
      // The app may still be draining slow requests.
      await pools.programs.blue.stop();
      await pools.start('blue');
    },
  },
  {
    name: 'kill',
    label: 'kill -9',
    inject: ({ programs }) => programs.blue.stop('SIGKILL'),
    repair: (pools) => pools.start('blue'),
  },
  {
    name: 'freeze',
    label: 'freeze (SIGSTOP)',
    async inject({ programs }) {
      process.kill(programs.blue.pid, 'SIGSTOP');
    },
    async repair({ programs }) {
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
    async repair() {},
  },
  {
    name: 'poison',
    label: 'requests that fail on both pools: the others',
    strange: { kinds: ['poison'], rate: 2 },
    async inject() {},
    async repair() {},
  },
];
