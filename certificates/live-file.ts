import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from '../system/replace-file.ts';
import { type Pair, parsePair } from './pair.ts';

/** For the owner and the group of the edge. */
const mode = 0o640;

/** The directory in TLS_DIR with what the edge reads. */
export const liveDirectory = 'live';

/** A domain as the name of a file; lego names its files in the same way. */
export function fileNameOf(domain: string): string {
  return domain.replace('*', '_');
}

/** What the edge shows for a domain: the private key and the chain, in one file, so that a reader never sees half a change. */
export class LiveFile {
  readonly path: string;

  constructor(tlsDirectory: string, domain: string) {
    this.path = join(tlsDirectory, liveDirectory, `${fileNameOf(domain)}.pem`);
  }

  /** Undefined if there is none, or if it cannot be used. */
  read(): Pair | undefined {
    const text = this.#text();
    const parsed = parsePair(text, text);
    return 'pair' in parsed ? parsed.pair : undefined;
  }

  /**
   * @returns whether it was another one before
   * @throws the file system's error; the old one then stays
   */
  install({ pem }: Pair): boolean {
    if (this.#text() === pem) return false;
    replaceFile(this.path, pem, mode);
    return true;
  }

  #text(): string {
    try {
      return readFileSync(this.path, 'utf8');
    } catch {
      return '';
    }
  }
}
