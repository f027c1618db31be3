import type { X509Certificate } from 'node:crypto';

const shortLivedMs = 10 * 24 * 60 * 60 * 1_000;

export interface Lifetime {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

export function lifetimeOf({ validFromDate, validToDate }: X509Certificate): Lifetime {
  return { notBeforeMs: validFromDate.getTime(), notAfterMs: validToDate.getTime() };
}

/** With a third of the lifetime left, or half of it if it is ten days or less: the rule of `lego renew --dynamic`. */
export function renewAtMs({ notBeforeMs, notAfterMs }: Lifetime): number {
  const lifetimeMs = notAfterMs - notBeforeMs;
  return notAfterMs - lifetimeMs / (lifetimeMs <= shortLivedMs ? 2 : 3);
}
