import { type Backoff, backoff } from './backoff.ts';
import type { AcmeSource } from './config.ts';

/** What is not for users to set; tests are in more of a hurry. */
export interface Options {
  readonly backoff: Backoff;
  /** How often the user's own certificate is read. */
  readonly readEveryMs: number;
  /** How often the report is written if nothing changes. Whoever reads it expects it once a minute. */
  readonly reportEveryMs: number;
  /** How often a lego that can asks the CA whether to renew earlier. */
  readonly askEveryMs: number;
  /** How long an edge that starts at the same time is waited for. */
  readonly edgePatienceMs: number;
  /** Undefined: as long as the challenge can take. */
  readonly legoDeadlineMs: number | undefined;
  /** Global options of lego, besides those that follow from the settings. */
  readonly legoArguments: readonly string[];
  /** Where a domain is looked at before the CA is asked; undefined: nowhere. */
  readonly look: { readonly port: number; readonly resolver: string | undefined } | undefined;
}

export const defaults: Omit<Options, 'look'> = {
  backoff,
  readEveryMs: 15_000,
  reportEveryMs: 30_000,
  askEveryMs: 6 * 60 * 60 * 1_000,
  edgePatienceMs: 60_000,
  legoDeadlineMs: undefined,
  legoArguments: [],
};

/**
 * Only HTTP-01 comes to this machine, and only of public CAs it is known that they see the public DNS and ask on port 80: one with
 * roots of its own can be anywhere.
 */
export function lookFor({ dns, caFile }: AcmeSource): Options['look'] {
  return dns === undefined && caFile === undefined ? { port: 80, resolver: undefined } : undefined;
}
