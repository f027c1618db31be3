import { type ClientHttp2Session, type ClientHttp2Stream, connect, type OutgoingHttpHeaders } from 'node:http2';
import { lookupAs } from '../../system/lookup.ts';
import type { Site } from './site.ts';

interface Kept {
  readonly session: ClientHttp2Session;
  /** Whether a response has come over it. */
  isKept: boolean;
  inFlight: number;
}

/** Fewer than nginx accepts on one connection (http2_max_concurrent_streams): others would wait without being sent. */
const mostInFlight = 64;

/** The HTTP/2 connections to a site, over which requests are spread evenly. */
export class Http2Sessions {
  readonly #site: Site;
  readonly #wanted: number;
  readonly #all = new Set<Kept>();

  /** @param wanted how many there are; more are opened while all of them have many requests in flight */
  constructor(site: Site, wanted: number) {
    this.#site = site;
    this.#wanted = wanted;
  }

  /** Begins a request, and says whether its connection has carried a response before. */
  request(
    headers: OutgoingHttpHeaders,
    options: { readonly endStream: boolean },
  ): { readonly stream: ClientHttp2Stream; readonly isKept: boolean } {
    const kept = this.#next();
    const { isKept } = kept;
    const stream = kept.session.request(headers, options);
    kept.inFlight++;
    stream.once('response', () => {
      kept.isKept = true;
    });
    stream.once('close', () => {
      kept.inFlight--;
    });
    return { stream, isKept };
  }

  close(): void {
    for (const { session } of this.#all) session.destroy();
  }

  /** One that has received a GOAWAY is closed: it ends when its requests have. */
  #next(): Kept {
    for (const kept of this.#all) if (kept.session.closed || kept.session.destroyed) this.#all.delete(kept);
    const [first] = [...this.#all].toSorted((one, other) => one.inFlight - other.inFlight);
    const isEnough = first !== undefined && this.#all.size >= this.#wanted && first.inFlight < mostInFlight;
    return isEnough ? first : this.#open();
  }

  #open(): Kept {
    const { url, address } = this.#site;
    const lookup = address === undefined ? {} : { lookup: lookupAs(address) };
    const session = connect(url, { rejectUnauthorized: false, ...lookup });
    // What fails is each request.
    session.on('error', () => undefined);
    const kept: Kept = { session, isKept: false, inFlight: 0 };
    this.#all.add(kept);
    return kept;
  }
}
