import { Resolver } from 'node:dns/promises';
import { isIPv6 } from 'node:net';
import { errorCode } from '../system/error-code.ts';
import type { Failure } from './backoff.ts';
import { askFor, withProbe } from './challenge-probe.ts';
import { ownAddresses } from './own-addresses.ts';

const lookupMs = 3_000;
/** A site behind a large network may have many. */
const mostAddresses = 8;

export interface ReachOptions {
  readonly publicDirectory: string;
  /** Where a CA asks for challenges. */
  readonly port: number;
  /** `ADDRESS:PORT`; undefined: that of the system. */
  readonly resolver: string | undefined;
}

/** At its addresses alone, or also at who answers there. */
export type Look = 'addresses' | 'answers';

/**
 * Looks at a domain as the CA will: its addresses, and whether this stack answers there. So a wrong domain costs no attempt, and the
 * error says what is wrong.
 * @returns undefined if the CA should be asked, also if nothing can be known: many machines cannot reach their own public address
 */
export async function unreachable(
  domain: string,
  look: Look,
  { publicDirectory, port, resolver }: ReachOptions,
): Promise<Failure | undefined> {
  const addresses = await addressesOf(domain, resolver);
  if (addresses === undefined) return undefined;
  if (addresses.length === 0) return { kind: 'local', message: `${domain} has no address in the DNS` };
  if (look === 'addresses') return undefined;
  const answers = await withProbe(publicDirectory, (probe) => {
    const asked = addresses.slice(0, mostAddresses).map(async (address) => {
      const host = isIPv6(address) ? `[${address}]` : address;
      return { address, answer: await askFor(probe, { address: `${host}:${port}`, domain }) };
    });
    return Promise.all(asked);
  });
  const [wrong] = answers.flatMap(({ address, answer }) =>
    typeof answer === 'object' ? [{ address, ...answer }] : [],
  );
  if (wrong === undefined) return undefined;
  const has = `${domain} has the address${addresses.length > 1 ? 'es' : ''} ${addresses.join(', ')} in the DNS`;
  const answered = `what answers at ${wrong.address} on port ${port} is not this stack: ${wrong.other}`;
  return { kind: 'local', message: `${has}, and ${answered}${ours()}` };
}

function ours(): string {
  const own = ownAddresses();
  return own.length > 0 ? `; this machine has ${own.join(', ')}` : '';
}

/** Undefined if it cannot be known. Not by /etc/hosts, which the CA does not see. */
async function addressesOf(domain: string, server: string | undefined): Promise<string[] | undefined> {
  const resolver = new Resolver({ timeout: lookupMs, tries: 2 });
  if (server !== undefined) resolver.setServers([server]);
  const found = await Promise.allSettled([resolver.resolve4(domain), resolver.resolve6(domain)]);
  const isKnown = ({ reason }: PromiseRejectedResult) => ['ENODATA', 'ENOTFOUND'].includes(errorCode(reason) ?? '');
  const addresses = found.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
  const rejected = found.filter((result) => result.status === 'rejected');
  return addresses.length === 0 && !rejected.every(isKnown) ? undefined : addresses;
}
