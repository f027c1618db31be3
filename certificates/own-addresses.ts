import { BlockList, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';

const privateNetworks = new BlockList();
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const)
  privateNetworks.addSubnet(network, bits);

/** The public addresses of this machine: none in a container, and none behind a router that has them instead. */
export function ownAddresses(interfaces = networkInterfaces()): string[] {
  const all = Object.values(interfaces).flatMap((addresses) => (addresses ?? []).map(({ address }) => address));
  return all.filter(isPublic);
}

function isPublic(address: string): boolean {
  // Of IPv6, 2000::/3 is public.
  return isIPv6(address) ? /^[23]/.test(address) : !privateNetworks.check(address);
}
