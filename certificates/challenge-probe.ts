import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

export const challengePath = '.well-known/acme-challenge';

const answerMs = 3_000;
const longestAnswer = 1_000;

/** A file among the challenges, to see who answers for it. */
export interface Probe {
  readonly path: string;
  readonly content: string;
}

export interface Place {
  /** `HOST:PORT`, with IPv6 in brackets. */
  readonly address: string;
  /** The Host header. */
  readonly domain: string;
}

/** Who answered: this stack, something that can be described, or nobody that can be told. */
export type Answer = 'ours' | 'unknown' | { readonly other: string };

/** Has the probe there while the task runs. @throws the file system's error */
export async function withProbe<T>(publicDirectory: string, task: (probe: Probe) => Promise<T>): Promise<T> {
  const name = `bluegreen-${randomBytes(16).toString('base64url')}`;
  const content = randomBytes(32).toString('base64url');
  const directory = join(publicDirectory, challengePath);
  const file = join(directory, name);
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  writeFileSync(file, content, { mode: 0o644 });
  try {
    return await task({ path: `/${challengePath}/${name}`, content });
  } finally {
    rmSync(file, { force: true });
  }
}

/** Asks as a CA does, but follows no redirect. */
export async function askFor({ path, content }: Probe, { address, domain }: Place): Promise<Answer> {
  const signal = AbortSignal.timeout(answerMs);
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  get(`http://${address}${path}`, { headers: { host: domain }, agent: false, signal }, resolve).on('error', reject);
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
