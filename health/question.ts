/** What a health check asks a pool; the same for the prober, deploys, status and everything else that wants to know. */
export interface HealthQuestion {
  /** `tcp`: a connection is enough, and nothing below matters. */
  readonly check: 'http' | 'tcp';
  /** May have a query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Statuses such as `204` and classes such as `2xx`. */
  readonly statuses: readonly string[];
}

export interface QuestionSettings {
  readonly check: 'http' | 'tcp';
  readonly path: string;
  /** Undefined: the address that is asked. */
  readonly host: string | undefined;
  readonly proto: 'http' | 'https';
  readonly statuses: readonly string[];
}

export function healthQuestion({ check, path, host, proto, statuses }: QuestionSettings): HealthQuestion {
  const headers = { 'x-forwarded-proto': proto, ...(host === undefined ? {} : { host }) };
  return { check, path, headers, statuses };
}

/** Whether an answer with this status passes the check. */
export function accepts({ statuses }: HealthQuestion, status: number): boolean {
  return statuses.includes(String(status)) || statuses.includes(`${Math.trunc(status / 100)}xx`);
}

/** Which setting may help a pool that fails with this cause, such as `status 301`; undefined if none is known to. */
export function hintFor({ headers }: HealthQuestion, cause: string | undefined): string | undefined {
  const status = Number(/^status (\d{3})$/.exec(cause ?? '')?.[1]);
  const host = headers.host === undefined ? 'HEALTH_HOST' : undefined;
  if (status >= 300 && status < 400 && status !== 304) {
    const proto = headers['x-forwarded-proto'] === 'https' ? undefined : 'HEALTH_PROTO=https';
    const settings = [proto, host, 'HEALTH_PATH'].filter((name) => name !== undefined);
    return `redirects are not followed; set ${settings.join(' or ')} so that the app answers without one`;
  }
  if (status === 400 || status === 421) {
    return host === undefined ? undefined : 'if the app checks the Host header, set HEALTH_HOST';
  }
  if ([401, 403, 404, 405].includes(status)) {
    return `set HEALTH_PATH to a path that the app answers with 2xx, or HEALTH_STATUS=2xx,${status}`;
  }
  return undefined;
}
