const timeoutMs = 2000;

/** An answer, or why there is none. */
export interface Answer {
  /** 0: nothing answered. */
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/** Asks once; a connection that fails is an answer with status 0. */
export async function ask(
  url: string,
  options: { method?: 'GET' | 'POST'; headers?: Record<string, string> } = {},
): Promise<Answer> {
  try {
    const response = await fetch(url, { ...options, redirect: 'manual', signal: AbortSignal.timeout(timeoutMs) });
    return { status: response.status, headers: response.headers, body: await response.text() };
  } catch {
    return { status: 0, headers: new Headers(), body: '' };
  }
}

export function isOk({ status }: Answer): boolean {
  return status >= 200 && status < 300;
}
