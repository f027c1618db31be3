import { BlockList } from 'node:net';
import { execa } from 'execa';
import type { Stack } from '../../stack/stack.ts';
import { CommandError } from '../../terminal/command-error.ts';
import { projectOf } from './project.ts';

/** @throws {CommandError} if another Docker network overlaps the stack's subnet */
export async function checkSubnet(stack: Stack): Promise<void> {
  const { SUBNET_PREFIX: prefix } = stack.settings;
  const own = `${projectOf(stack)}_bluegreen`;
  const other = overlapping(prefix, await networks()).find(({ name }) => name !== own);
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
