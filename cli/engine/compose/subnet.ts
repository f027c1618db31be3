import { BlockList } from 'node:net';
import { execa } from 'execa';
import type { Pool } from '../../../settings/pool.ts';
import type { Stack } from '../../stack/stack.ts';
import { CommandError } from '../../terminal/command-error.ts';
import { projectOf } from './project.ts';

/** The networks of the Compose file, which share the stack's subnet. A pool's network has the pool's name. */
const ownNetworks = ['blue', 'green', 'watch', 'edge'] as const satisfies readonly (Pool | 'watch' | 'edge')[];

type OwnNetwork = (typeof ownNetworks)[number];

/** The only network of a stack that was started before there were several; it takes the whole subnet. */
const formerNetwork = 'bluegreen';

/** The last numbers of the pools' addresses, as in the Compose file. */
const lastNumbers = { blue: 11, green: 75 } as const satisfies Record<Pool, number>;

export function poolAddress({ settings }: Stack, pool: Pool): string {
  return `${settings.SUBNET_PREFIX}.${lastNumbers[pool]}`;
}

export function poolNetwork(stack: Stack, pool: Pool): string {
  return networkName(stack, pool);
}

function networkName(stack: Stack, name: OwnNetwork | typeof formerNetwork): string {
  return `${projectOf(stack)}_${name}`;
}

/** The network of a stack that an older version started: while it is there, none of the present ones can be made. */
export async function formerNetworkOf(stack: Stack): Promise<string | undefined> {
  const name = networkName(stack, formerNetwork);
  return (await networks()).split('\n').some((line) => line.split(' ', 1)[0] === name) ? name : undefined;
}

/** @throws {CommandError} if another Docker network overlaps the stack's subnet */
export async function checkSubnet(stack: Stack): Promise<void> {
  const { SUBNET_PREFIX: prefix } = stack.settings;
  const names = [...ownNetworks, formerNetwork] as const;
  const own: readonly string[] = names.map((name) => networkName(stack, name));
  const other = overlapping(prefix, await networks()).find(({ name }) => !own.includes(name));
  if (other === undefined) return;
  throw new CommandError(
    `SUBNET_PREFIX: expected a free network, but ${prefix}.0/24 overlaps ${other.subnet} of the Docker network ${other.name}`,
    { next: `set another SUBNET_PREFIX in .env, or "docker network rm ${other.name}" if it is not needed` },
  );
}

/** Docker's networks, one per line: a name, then its subnets. Empty if Docker does not answer. */
export async function networks(): Promise<string> {
  const format = '{{.Name}}{{range .IPAM.Config}} {{.Subnet}}{{end}}';
  const options = { reject: false, stdin: 'ignore' } as const;
  const { stdout: ids } = await execa('docker', ['network', 'ls', '--quiet'], options);
  return (await execa('docker', ['network', 'inspect', '--format', format, ...ids.split('\n')], options)).stdout;
}

/** @param networks one per line: a name, then its subnets */
export function overlapping(prefix: string, networks: string): { readonly name: string; readonly subnet: string }[] {
  const [first, last] = [`${prefix}.0`, `${prefix}.255`];
  return networks.split('\n').flatMap((line) => {
    const [name = '', ...subnets] = line.split(' ');
    return subnets.filter((subnet) => overlaps(subnet, first, last)).map((subnet) => ({ name, subnet }));
  });
}

function overlaps(subnet: string, first: string, last: string): boolean {
  const [address = '', bits] = subnet.split('/');
  if (address.includes(':')) return false;
  const [theirs, ours] = [new BlockList(), new BlockList()];
  theirs.addSubnet(address, Number(bits));
  ours.addRange(first, last);
  return theirs.check(first) || ours.check(address);
}
