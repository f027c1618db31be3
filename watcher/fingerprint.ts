import { hash } from 'node:crypto';

/** Knows bytes again without keeping them: a log holds what visitors sent. */
export interface Fingerprint {
  readonly bytes: number;
  /** Hexadecimal, of exactly that many bytes. */
  readonly sha256: string;
}

export function fingerprintOf(bytes: Buffer): Fingerprint {
  return { bytes: bytes.length, sha256: hash('sha256', bytes) };
}

export const ofNothing: Fingerprint = fingerprintOf(Buffer.alloc(0));
