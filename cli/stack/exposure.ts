import { existsSync, statSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { basename, join } from 'node:path';
import { variableNames, variables } from '../../settings/variables.ts';
import { type Finding, ok, warn } from '../terminal/finding.ts';
import type { Port } from './port-owner.ts';
import { envPath, type Stack } from './stack.ts';

const bypasses = 'whoever can reach it gets past the edge, and can break the demo app through /chaos';

/** What it means that others can reach a direct port. */
const openMeans: { readonly [name: string]: string } = {
  BLUE_PORT: bypasses,
  GREEN_PORT: bypasses,
  WATCHER_PORT: 'whoever can reach it sees the dashboard: traffic, releases, alerts and who deployed',
};

/** For each port of the stack, who can reach it. */
export function portExposure(ports: readonly Port[]): Finding[] {
  return ports.map(({ name, port, address }) => {
    const from = reachableFrom(address);
    const text = `port ${port} (${name}) is open to ${from}`;
    const means = openMeans[name];
    if (from === thisMachine || means === undefined) return ok(text);
    return warn(`${text}: ${means}; set DIRECT_BIND=127.0.0.1, or let a firewall protect it`);
  });
}

const thisMachine = 'this machine only';

function reachableFrom(address: string): string {
  if (address.startsWith('127.') || address === '::1') return thisMachine;
  if (address === '0.0.0.0') return 'everybody who can reach this machine, on all addresses';
  if (address === '::') return 'everybody who can reach this machine over IPv6';
  return `everybody who can reach ${address}`;
}

/**
 * A warning if visitors can come over IPv6. Docker accepts them for the container, which then sees the address of the bridge.
 * @param addresses of this machine
 */
export function ipv6Finding({ settings }: Pick<Stack, 'settings'>, addresses = ownAddresses()): Finding[] {
  const isPublic = (address: string) => isIPv6(address) && /^[23]/.test(address);
  const bind = settings.NGINX_BIND?.replace(/^\[(.*)\]$/, '$1');
  const isOpen = bind === undefined ? addresses.some(isPublic) : bind === '::' || isPublic(bind);
  if (!isOpen) return [];
  return [
    warn(
      "visitors over IPv6 all have the address of Docker's bridge, in the log and for the app; a proxy in front, or NGINX_BIND=0.0.0.0, avoids that",
    ),
  ];
}

function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({ address }) => address));
}

/** A warning for each env file that has secrets and that every account of the machine can read. */
export function envFileFindings(stack: Stack): Finding[] {
  const hasSecret = variableNames.some((name) => variables[name].secret && stack.env[name] && !stack.shell[name]);
  const files = [...(hasSecret ? [envPath(stack)] : []), join(stack.root, 'app.env'), join(stack.root, 'acme.env')];
  return files
    .filter((path) => existsSync(path) && (statSync(path).mode & 0o004) !== 0)
    .map((path) =>
      warn(`${basename(path)} may have secrets, and every account of this machine can read it: chmod 600 ${path}`),
    );
}
