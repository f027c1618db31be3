import { setFlagsFromString } from 'node:v8';
import { EnvHttpProxyAgent, request } from 'undici';
import { errorCode } from '../../system/error-code.ts';
import type { Proxies } from '../config.ts';

// undici parses answers with WebAssembly. After the first few, V8 uses 20 MB to optimise it, for no visible gain: the most
// there is is one message a second.
setFlagsFromString('--wasm-tiering-budget=2000000000');

const maxAnswerBytes = 4_096;
const connectTimeoutMs = 5_000;
const keepAliveMs = 30_000;

export const noProxies: Proxies = { http: '', https: '', except: '' };

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The first 4 KB. May repeat what was sent, secrets included. */
  readonly body: string;
}

export interface PosterOptions {
  readonly proxies?: Proxies;
  /** For one attempt as a whole. */
  readonly requestTimeoutMs?: number;
}

/** Posts JSON to one URL. The URL is a secret: no error contains it. */
export class Poster {
  readonly #url: string;
  readonly #requestTimeoutMs: number;
  readonly #agent: EnvHttpProxyAgent;

  constructor(url: string, { proxies = noProxies, requestTimeoutMs = 10_000 }: PosterOptions = {}) {
    this.#url = url;
    this.#requestTimeoutMs = requestTimeoutMs;
    // With all three set, the agent does not read the environment.
    this.#agent = new EnvHttpProxyAgent({
      httpProxy: proxies.http,
      httpsProxy: proxies.https,
      noProxy: proxies.except,
      connect: { timeout: connectTimeoutMs },
      keepAliveTimeout: keepAliveMs,
    });
  }

  /** Posts once. Never rejects: if there is no answer, it returns the reason in a few words. */
  async post(body: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Answer | string> {
    const timeout = AbortSignal.timeout(this.#requestTimeoutMs);
    try {
      // undici follows no redirects unless told to: one would carry the message to an unknown host.
      const response = await request(this.#url, {
        dispatcher: this.#agent,
        method: 'POST',
        headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
        body,
        signal: AbortSignal.any([signal, timeout]),
      });
      return { status: response.statusCode, headers: response.headers, body: await beginningOf(response.body) };
    } catch (error) {
      return timeout.aborted ? 'no answer in time' : reasonOf(error);
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

async function beginningOf(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > maxAnswerBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, maxAnswerBytes).toString('utf8');
}

/** Uses the code alone: the messages of network errors name the host, and those of URL errors the whole URL. */
function reasonOf(error: unknown): string {
  const code = errorCode(error);
  switch (code) {
    case 'ECONNREFUSED':
      return 'connection refused';
    case 'ECONNRESET':
    case 'UND_ERR_SOCKET':
      return 'connection reset';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'host name not resolved';
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'ETIMEDOUT':
      return 'connecting timed out';
    case 'UND_ERR_PRX_CONN':
      return 'the proxy cannot be reached';
    default:
      return proxyRefusal(error) ?? codeText(code);
  }
}

/** undici has no code for a proxy that answers CONNECT with another status than 200, such as 407. */
function proxyRefusal(error: unknown): string | undefined {
  const status = error instanceof Error ? /^Proxy .*\((\d{3})\)/.exec(error.message)?.[1] : undefined;
  return status === undefined ? undefined : `the proxy refused (HTTP ${status})`;
}

function codeText(code: string | undefined): string {
  return code !== undefined && /^[A-Z][A-Z0-9_]{1,40}$/.test(code) ? `failed with ${code}` : 'request failed';
}
