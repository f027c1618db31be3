import { readAnswerHeader } from './answer-header.ts';

/** A longer body counts as complete, so that it does not block the connection. What divides it into chunks is part of it. */
export const maxBodyBytes = 64 * 1024;
/** For the header, those of interim answers and the trailer. */
export const maxHeaderBytes = 32 * 1024;

/** `done`: nothing more needs to arrive. The others say what is wrong with the answer. */
export type Progress = 'more' | 'done' | 'not HTTP' | 'header too long';

type State = 'header' | 'body' | 'body until close' | 'chunk size' | 'chunk' | 'end of chunk' | 'trailer' | 'end';

const beginning = 'HTTP/1.';
const chunkSize = /^([0-9A-Fa-f]{1,12})[ \t]*(?:;[^\0\r\n]*)?$/;

/** Reads one answer to a GET, in pieces as they arrive (RFC 9112): its status, and where it ends. */
export class AnswerReader {
  /** Undefined until the header is complete. */
  status: number | undefined;
  #state: State = 'header';
  /** What has arrived and is not read yet. */
  #unread: Buffer = Buffer.alloc(0);
  #headerBytes = 0;
  #bodyBytes = 0;
  /** Of the body, or of the chunk. */
  #leftBytes = 0;
  #keepsConnection = false;

  /** Whether anything has arrived. */
  get hasBegun(): boolean {
    return this.#headerBytes + this.#unread.length > 0;
  }

  /** Whether the connection can take the next request: the answer has come to its end, and nothing follows it. */
  get keepsConnection(): boolean {
    return this.#keepsConnection && this.#state === 'end' && this.#unread.length === 0;
  }

  /** Whether the answer is complete if the connection is closed now. */
  get mayEndHere(): boolean {
    return this.#state === 'body until close' || this.#state === 'end';
  }

  /** Takes what has arrived, and copies what it needs later. Not to be called again after anything but `more`. */
  read(bytes: Buffer): Progress {
    this.#unread = this.#unread.length === 0 ? bytes : Buffer.concat([this.#unread, bytes]);
    let progress: Progress | 'next';
    do progress = this.#step();
    while (progress === 'next' && this.#bodyBytes <= maxBodyBytes);
    if (this.#headerBytes > maxHeaderBytes) return 'header too long';
    if (progress !== 'next' && progress !== 'more') return progress;
    if (this.#bodyBytes > maxBodyBytes) return 'done';
    this.#unread = Buffer.from(this.#unread);
    return 'more';
  }

  #step(): Progress | 'next' {
    switch (this.#state) {
      case 'header':
        return this.#header();
      case 'body':
        return this.#pass('end');
      case 'body until close':
        this.#leftBytes = this.#unread.length;
        return this.#leftBytes === 0 ? 'more' : this.#pass('body until close');
      case 'chunk size':
        return this.#chunkSize();
      case 'chunk':
        return this.#pass('end of chunk');
      case 'end of chunk':
        if (this.#unread.length < 2) return 'more';
        return this.#upTo('\r\n') === '' ? this.#go('chunk size') : 'not HTTP';
      case 'trailer': {
        const line = this.#upTo('\r\n');
        if (line === undefined) return this.#moreHeader();
        return this.#go(line === '' ? 'end' : 'trailer');
      }
      case 'end':
        return 'done';
    }
  }

  #header(): Progress | 'next' {
    const text = this.#upTo('\r\n\r\n');
    if (text === undefined) {
      const isHttp = beginning.startsWith(this.#unread.toString('latin1', 0, beginning.length));
      return isHttp ? this.#moreHeader() : 'not HTTP';
    }
    const header = readAnswerHeader(text);
    if (header === undefined) return 'not HTTP';
    const { status, body, keepsConnection } = header;
    // An interim answer. A 101 is the last one in HTTP, although nobody asked for another protocol.
    if (status < 200 && status !== 101) return 'next';
    this.status = status;
    this.#keepsConnection = keepsConnection;
    if (body === 'chunked') return this.#go('chunk size');
    if (body === 'until close') return this.#go('body until close');
    this.#leftBytes = body;
    return this.#go('body');
  }

  #chunkSize(): Progress | 'next' {
    const line = this.#upTo('\r\n');
    if (line === undefined) return this.#moreHeader();
    const size = chunkSize.exec(line)?.[1];
    if (size === undefined) return 'not HTTP';
    this.#leftBytes = Number.parseInt(size, 16);
    return this.#go(this.#leftBytes === 0 ? 'trailer' : 'chunk');
  }

  #moreHeader(): Progress {
    return this.#headerBytes + this.#unread.length > maxHeaderBytes ? 'header too long' : 'more';
  }

  /** Takes a part that ends so; undefined if its end has not arrived. */
  #upTo(end: string): string | undefined {
    const length = this.#unread.indexOf(end, 0, 'latin1');
    if (length < 0) return undefined;
    const text = this.#unread.toString('latin1', 0, length);
    const bytes = length + end.length;
    this.#unread = this.#unread.subarray(bytes);
    if (this.#state === 'header' || this.#state === 'trailer') this.#headerBytes += bytes;
    else this.#bodyBytes += bytes;
    return text;
  }

  /** Takes as much of the body, or of the chunk, as has arrived. */
  #pass(after: State): Progress | 'next' {
    const bytes = Math.min(this.#leftBytes, this.#unread.length);
    this.#unread = this.#unread.subarray(bytes);
    this.#leftBytes -= bytes;
    this.#bodyBytes += bytes;
    return this.#leftBytes === 0 ? this.#go(after) : 'more';
  }

  #go(state: State): 'next' {
    this.#state = state;
    return 'next';
  }
}
