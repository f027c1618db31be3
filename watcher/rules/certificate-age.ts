import type { Certificate } from '../../certificates/report.ts';

const dayMs = 24 * 60 * 60_000;

/**
 * What is left when each alert is due. A share of the lifetime limits it, so that certificates of a few days have their alerts
 * later. The last one is for a certificate that has expired.
 */
const thresholds = [
  { leftMs: 14 * dayMs, share: 1 / 3 },
  { leftMs: 7 * dayMs, share: 1 / 6 },
  { leftMs: dayMs, share: 1 / 24 },
  { leftMs: 0, share: 0 },
];

/** Where a certificate names no time for its renewal, this share of its lifetime before its end is customary. */
const customaryShare = 1 / 3;
/** A renewal may be late by this much: a CA can be down for hours. */
const maxLatenessMs = dayMs;
const latenessShare = 1 / 15;

/**
 * How many alerts are due because the certificate runs out; 0 if its renewal is on schedule. Let's Encrypt's certificates are
 * renewed when about 30 of 90, 15 of 45 or 2 of 6 days are left, so they get there only if that fails.
 */
export function expiryStage({ source, notBeforeMs, notAfterMs, renewAtMs }: Certificate, nowMs: number): number {
  // The certificates program replaces it with the first one that the CA issues.
  if (source === 'self-signed') return 0;
  const leftMs = notAfterMs - nowMs;
  if (leftMs <= 0) return thresholds.length;
  const lifetimeMs = Math.max(0, notAfterMs - notBeforeMs);
  const dueMs = renewAtMs ?? notAfterMs - lifetimeMs * customaryShare;
  if (nowMs < dueMs + Math.min(maxLatenessMs, lifetimeMs * latenessShare)) return 0;
  return thresholds.filter(({ leftMs: limitMs, share }) => leftMs <= Math.min(limitMs, lifetimeMs * share)).length;
}
