import { stripVTControlCharacters } from 'node:util';
import { type Dispatcher, request } from 'undici';
import { printable } from '../terminal/terminal.ts';

export const timeoutMs = 2_000;
const excerptChars = 300;
const maxBodyBytes = 1024 * 1024;

/** A response, or the fact that there is none. */
export interface Answer {
  /** 0 if nothing answered. */
  readonly status: number;
  readonly headers: Headers;
  /** At most the first MiB. */
  readonly body: string;
}

export interface AskOptions {
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  /** How to connect; undefined: to where the URL says. */
  readonly dispatcher?: Dispatcher;
}

/** Sends one request and follows no redirect. A failed connection is an answer with status 0. */
export async function ask(url: string, options: AskOptions = {}): Promise<Answer> {
  try {
    // Unlike fetch, this sends a Host header that is not the address.
    const { method = 'GET', headers = {}, dispatcher } = options;
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await request(url, { method, headers, signal, ...(dispatcher && { dispatcher }) });
    return {
      status: response.statusCode,
      headers: headersOf(response.headers),
      body: await beginningOf(response.body),
    };
  } catch {
    return { status: 0, headers: new Headers(), body: '' };
  }
}

function headersOf(fields: Readonly<Record<string, string | string[] | undefined>>): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(fields)) {
    for (const one of [value ?? []].flat()) headers.append(name, one);
  }
  return headers;
}

async function beginningOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= maxBodyBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, maxBodyBytes).toString();
}

export function isOk({ status }: Answer): boolean {
  return status >= 200 && status < 300;
}

/** The beginning of a body on one line, for quoting. */
export function excerpt(body: string): string {
  return printable(stripVTControlCharacters(body)).replaceAll(/\s+/g, ' ').trim().slice(0, excerptChars);
}

/** The parsed JSON; undefined if the text is not JSON. */
export function parsedJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
