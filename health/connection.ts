import { connect, type Socket } from 'node:net';
import { AnswerReader } from './answer.ts';
import { type Cause, causeOf } from './cause.ts';

/** How a request on a connection has ended. */
export interface Exchange {
  /** Undefined if the answer is complete. */
  readonly cause: Cause;
  /** Undefined if the header is not complete. */
  readonly status: number | undefined;
  /** The connection was closed before anything of an answer arrived. */
  readonly wasClosed: boolean;
}

interface Asked {
  readonly reader: AnswerReader;
  readonly settle: (exchange: Exchange) => void;
}

/** More than the answer of most health checks; a longer one is read in parts. */
const readBytes = 16 * 1024;

/** A connection to an app for one request at a time. A fraction of the work of Node's own client, or of undici. */
export class Connection {
  readonly #socket: Socket;
  #asked: Asked | undefined;
  #fault: string | undefined;
  #isOpen = true;
  /** When the last answer was complete; of the clock that is never set back. */
  idleSinceMs = 0;

  constructor(address: { readonly host: string; readonly port: number }) {
    // Read into one buffer: else Node allocates 64 KiB for each read.
    const onread = { buffer: Buffer.allocUnsafeSlow(readBytes), callback: this.#arrived };
    this.#socket = connect({ ...address, noDelay: true, onread });
    this.#socket.on('error', (error) => {
      this.#fault = causeOf(error);
    });
    this.#socket.on('end', () => this.#ended());
    this.#socket.on('close', () => this.#ended());
  }

  /** Also while it connects. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Whether it can take the next request. */
  get isIdle(): boolean {
    return this.#isOpen && this.#asked === undefined;
  }

  ask(request: Buffer): Promise<Exchange> {
    return new Promise((settle) => {
      this.#asked = { reader: new AnswerReader(), settle };
      this.#socket.write(request);
    });
  }

  /** Ends the request in flight, if there is one, with this cause. */
  close(cause: string): void {
    this.#settle({ cause });
    this.#isOpen = false;
    this.#socket.destroy();
  }

  readonly #arrived = (length: number, buffer: Uint8Array): boolean => {
    const reader = this.#asked?.reader;
    const progress = reader?.read(Buffer.from(buffer.buffer, buffer.byteOffset, length));
    if (progress === 'more') return true;
    this.idleSinceMs = performance.now();
    const keeps = reader?.keepsConnection === true;
    this.#settle({ cause: progress === 'done' ? undefined : progress });
    // Also if something arrives that no request asked for.
    if (!keeps) this.close('not HTTP');
    return true;
  };

  #ended(): void {
    const reader = this.#asked?.reader;
    if (reader?.mayEndHere && this.#fault === undefined) this.#settle({ cause: undefined });
    const isCutOff = reader?.status !== undefined;
    const cause = isCutOff ? 'answer cut off' : (this.#fault ?? 'connection reset');
    this.#settle({ cause, wasClosed: reader?.hasBegun === false && cause === 'connection reset' });
    this.#isOpen = false;
    this.#socket.destroy();
  }

  #settle({ cause, wasClosed = false }: { readonly cause: Cause; readonly wasClosed?: boolean }): void {
    const asked = this.#asked;
    this.#asked = undefined;
    asked?.settle({ cause, wasClosed, status: asked.reader.status });
  }
}
