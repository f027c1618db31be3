import { duration, utcTime } from './figures.ts';
import { oneLine } from './text.ts';
import type { Tone } from './tone.ts';

/**
 * `pending`: self-signed, because the CA has not issued one yet; `missing`: that lasts too long. `failing`: the last attempts
 * to renew it have failed. `expiring`: it runs out although it should have been renewed.
 */
export type CertificateState = 'ok' | 'pending' | 'missing' | 'failing' | 'expiring' | 'expired';

export const certificateStates = [
  'ok',
  'pending',
  'missing',
  'failing',
  'expiring',
  'expired',
] as const satisfies readonly CertificateState[];

/** The certificate of one entry of DOMAINS, as the watcher judges it. */
export interface CertificateReport {
  readonly domain: string;
  readonly source: 'acme' | 'file' | 'self-signed';
  readonly issuer: string;
  readonly notAfterMs: number;
  readonly state: CertificateState;
  /** Failed attempts in a row. */
  readonly failures: number;
  /** Why the last one failed; null if it did not. On one line. */
  readonly error: string | null;
  /** When it will be tried again; null if nobody knows. */
  readonly nextAttemptMs: number | null;
}

export function certificateTone(state: CertificateState): Tone {
  switch (state) {
    case 'ok':
      return 'good';
    case 'pending':
      return 'neutral';
    case 'failing':
    case 'expiring':
      return 'warning';
    case 'missing':
    case 'expired':
      return 'bad';
    default:
      return state satisfies never;
  }
}

/** How the certificate is, such as `renewed by Let's Encrypt`, without what went wrong last. */
export function certificateWords({ state, source, issuer }: CertificateReport): string {
  switch (state) {
    case 'ok':
      return source === 'file' ? `your own, issued by ${issuerName(issuer)}` : `renewed by ${issuerName(issuer)}`;
    case 'pending':
      return 'self-signed: visitors get a warning until the CA has issued one';
    case 'missing':
      return 'no certificate yet: visitors get a warning';
    case 'failing':
      return source === 'file' ? 'the new one cannot be used' : 'cannot be renewed';
    case 'expiring':
      return source === 'file' ? 'your own: replace it' : 'should have been renewed';
    case 'expired':
      return 'expired: visitors get a warning';
    default:
      return state satisfies never;
  }
}

/** What went wrong last, such as `3 attempts failed: DNS problem`; undefined if nothing did. */
export function failureWords({ failures, error }: CertificateReport): string | undefined {
  if (failures === 0) return undefined;
  const attempts = failures === 1 ? 'the last attempt failed' : `${failures} attempts failed`;
  const why = error === null ? '' : `: ${error}`;
  return `${attempts}${why}`;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** A span of days, or of hours and minutes if it is short: `36 days`, `23 h 4 min`. */
export function days(ms: number): string {
  return ms < 2 * dayMs ? duration(ms) : `${Math.round(ms / dayMs)} days`;
}

/** Such as `2027-01-03`; with the time if it is near. */
export function expiryDate(notAfterMs: number, nowMs: number): string {
  const time = utcTime(notAfterMs);
  return Math.abs(notAfterMs - nowMs) < 2 * dayMs ? `${time.slice(0, 16)} UTC` : time.slice(0, 10);
}

/** Such as `until 2027-01-03 (36 days)`; the bare date if it has passed. */
export function untilText(notAfterMs: number, nowMs: number): string {
  const date = expiryDate(notAfterMs, nowMs);
  return notAfterMs > nowMs ? `until ${date} (${days(notAfterMs - nowMs)})` : `until ${date}`;
}

/** The organization in the name of an issuer, such as `Let's Encrypt` of `C=US, O=Let's Encrypt, CN=R11`. */
export function issuerName(issuer: string): string {
  const part = (name: string) => new RegExp(`(?:^|[,/\\n])\\s*${name}\\s*=\\s*([^,/\\n]+)`).exec(issuer)?.[1];
  return oneLine(part('O') ?? part('CN') ?? issuer, 60) || 'the CA';
}
