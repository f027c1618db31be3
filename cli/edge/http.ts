import { stripVTControlCharacters } from 'node:util';
import { printable } from '../terminal/terminal.ts';

const timeoutMs = 2000;
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

/** Sends one request. A failed connection is an answer with status 0. */
export async function ask(
  url: string,
  options: { method?: 'GET' | 'POST'; headers?: Record<string, string> } = {},
): Promise<Answer> {
  try {
    const response = await fetch(url, { ...options, redirect: 'manual', signal: AbortSignal.timeout(timeoutMs) });
    return { status: response.status, headers: response.headers, body: await beginningOf(response) };
  } catch {
    return { status: 0, headers: new Headers(), body: '' };
  }
}

async function beginningOf({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
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
