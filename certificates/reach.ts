import { randomBytes } from 'node:crypto';
import { Resolver } from 'node:dns/promises';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { errorCode } from '../system/error-code.ts';
import type { Failure } from './backoff.ts';
import { ownAddresses } from './own-addresses.ts';

export const challengePath = '.well-known/acme-challenge';

const lookupMs = 3_000;
const answerMs = 3_000;
/** A site behind a large network may have many. */
const mostAddresses = 8;
const longestAnswer = 1_000;

export interface ReachOptions {
  readonly publicDirectory: string;
  /** Where a CA asks for challenges. */
  readonly port: number;
  /** `ADDRESS:PORT`; undefined: that of the system. */
  readonly resolver: string | undefined;
}

type Answer = 'ours' | 'unknown' | { readonly other: string };

/**
 * Looks at a domain as the CA will: its addresses, and whether this stack answers there. So a wrong domain costs no attempt, and the
 * error says what is wrong.
 * @returns undefined if the CA should be asked, also if nothing can be known: many machines cannot reach their own public address
 */
export async function unreachable(domain: string, options: ReachOptions): Promise<Failure | undefined> {
  const addresses = await addressesOf(domain, options.resolver);
  if (addresses === undefined) return undefined;
  if (addresses.length === 0) return { kind: 'local', message: `${domain} has no address in the DNS` };
  const answers = await answersOf(domain, addresses, options);
  const other = answers.find(({ answer }) => typeof answer === 'object');
  if (other === undefined || typeof other.answer === 'string') return undefined;
  const own = ownAddresses();
  const ours = own.length > 0 ? `; this machine has ${own.join(', ')}` : '';
  const has = `${domain} has the address${addresses.length > 1 ? 'es' : ''} ${addresses.join(', ')} in the DNS`;
  return {
    kind: 'local',
    message: `${has}, and what answers at ${other.address} on port ${options.port} is not this stack: ${other.answer.other}${ours}`,
  };
}

/** Undefined if it cannot be known. Not by /etc/hosts, which the CA does not see. */
async function addressesOf(domain: string, server: string | undefined): Promise<string[] | undefined> {
  const resolver = new Resolver({ timeout: lookupMs, tries: 2 });
  if (server !== undefined) resolver.setServers([server]);
  const found = await Promise.allSettled([resolver.resolve4(domain), resolver.resolve6(domain)]);
  const isKnown = ({ reason }: PromiseRejectedResult) =>
    ['ENODATA', 'ENOTFOUND'].includes(errorCode(reason) ?? '');
  const addresses = found.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
  const rejected = found.filter((result) => result.status === 'rejected');
  return addresses.length === 0 && !rejected.every(isKnown) ? undefined : addresses;
}

async function answersOf(domain: string, addresses: readonly string[], { publicDirectory, port }: ReachOptions) {
  const name = `bluegreen-${randomBytes(16).toString('base64url')}`;
  const content = randomBytes(32).toString('base64url');
  const directory = join(publicDirectory, challengePath);
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  writeFileSync(join(directory, name), content, { mode: 0o644 });
  try {
    const path = `/${challengePath}/${name}`;
    const asked = addresses.slice(0, mostAddresses).map(async (address) => {
      return { address, answer: await answerAt(address, { domain, port, path, content }) };
    });
    return await Promise.all(asked);
  } finally {
    rmSync(join(directory, name), { force: true });
  }
}

interface Question {
  readonly domain: string;
  readonly port: number;
  readonly path: string;
  readonly content: string;
}

async function answerAt(address: string, { domain, port, path, content }: Question): Promise<Answer> {
  const host = isIPv6(address) ? `[${address}]` : address;
  const signal = AbortSignal.timeout(answerMs);
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  get(`http://${host}:${port}${path}`, { headers: { host: domain }, agent: false, signal }, resolve).on('error', reject);
  try {
    const response = await promise;
    const { statusCode = 0, headers } = response;
    if (statusCode >= 300 && statusCode < 400) {
      response.destroy();
      return redirect(headers.location ?? '', domain);
    }
    const isShort = Number(headers['content-length'] ?? 0) <= longestAnswer;
    if (isShort && (await text(response)).trim() === content) return 'ours';
    response.destroy();
    return { other: `it answers ${statusCode}${headers.server === undefined ? '' : ` (${headers.server})`}` };
  } catch {
    // It cannot be connected to, or does not answer in time.
    return 'unknown';
  }
}

/** The CA follows redirects, such as to https:// at a network in front of this stack. */
function redirect(location: string, domain: string): Answer {
  const target = URL.parse(location, `http://${domain}`);
  return target?.hostname === domain ? 'unknown' : { other: `it redirects to ${target?.host ?? 'an invalid URL'}` };
}
