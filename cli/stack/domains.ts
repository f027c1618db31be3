import { Resolver } from 'node:dns/promises';
import { isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { errorCode } from '../../system/error-code.ts';
import { type Finding, ok, warn } from '../terminal/finding.ts';

/** Returns the addresses that DNS has for a domain; none if it has no such domain. */
export type Resolve = (domain: string) => Promise<readonly string[]>;

const whoReaches =
  'there, visitors and the CA do not reach this machine, unless a NAT or a load balancer sends them here';

/**
 * A line for each domain: whether its DNS points at this machine. A wildcard has no address of its own.
 * @param own the addresses of this machine
 */
export async function domainFindings(
  domains: readonly string[],
  {
    resolve = resolveInDns,
    own = ownAddresses(),
  }: { readonly resolve?: Resolve; readonly own?: readonly string[] } = {},
): Promise<Finding[]> {
  const named = domains.filter((domain) => !domain.startsWith('*.'));
  return Promise.all(named.map((domain) => domainFinding(domain, resolve, own)));
}

async function domainFinding(domain: string, resolve: Resolve, own: readonly string[]): Promise<Finding> {
  let addresses: readonly string[];
  try {
    addresses = await resolve(domain);
  } catch (cause) {
    return warn(`${domain} cannot be looked up in DNS: ${errorCode(cause) ?? 'no answer'}`);
  }
  if (addresses.length === 0) {
    return warn(`${domain} has no address in DNS: neither visitors nor the CA find it; ${ours(own)}`);
  }
  const elsewhere = addresses.filter((address) => !own.includes(address));
  if (elsewhere.length === 0) return ok(`${domain} points at this machine (${addresses.join(', ')})`);
  const where = elsewhere.length === addresses.length ? '' : ` also`;
  return warn(`${domain}${where} points at ${elsewhere.join(', ')}; ${ours(own)}: ${whoReaches}`);
}

function ours(own: readonly string[]): string {
  return own.length === 0 ? 'this machine has no address of its own' : `this machine has ${own.join(', ')}`;
}

/** Asks DNS alone: on this machine, /etc/hosts may say something that visitors do not get. */
async function resolveInDns(domain: string): Promise<readonly string[]> {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  const answers = await Promise.all([none(resolver.resolve4(domain)), none(resolver.resolve6(domain))]);
  return answers.flat();
}

/** A name without an address is an answer, too. */
async function none(answer: Promise<string[]>): Promise<string[]> {
  try {
    return await answer;
  } catch (cause) {
    const code = errorCode(cause);
    if (code === 'ENOTFOUND' || code === 'ENODATA') return [];
    throw cause;
  }
}

/** The addresses under which others can reach this machine: without its own networks, such as those of Docker. */
function ownAddresses(): string[] {
  return Object.entries(networkInterfaces())
    .filter(([name]) => !/^(docker|br-|veth)/.test(name))
    .flatMap(([, addresses]) => addresses ?? [])
    .filter(({ internal, address }) => !internal && !(isIPv6(address) && /^fe[89ab]/i.test(address)))
    .map(({ address }) => address);
}
