import { describe, expect, it } from 'vitest';
import { AnswerReader, maxBodyBytes, maxHeaderBytes } from './answer.ts';

const ok = 'HTTP/1.1 200 OK\r\n';
const chunked = `${ok}Transfer-Encoding: chunked\r\n\r\n`;

/** What becomes of an answer that arrives in pieces of this size. */
function read(text: string, pieceBytes = Number.POSITIVE_INFINITY) {
  const reader = new AnswerReader();
  const bytes = Buffer.from(text, 'latin1');
  let progress = 'more';
  let readBytes = 0;
  while (progress === 'more' && readBytes < bytes.length) {
    const end = Math.min(readBytes + pieceBytes, bytes.length);
    // As a connection does, with one buffer for all that arrives.
    const piece = Buffer.from(bytes.subarray(readBytes, end));
    progress = reader.read(piece);
    piece.fill('?');
    readBytes = end;
  }
  const { status, keepsConnection: keeps, mayEndHere } = reader;
  return { progress, status, keeps, mayEndHere };
}

describe.each([1, 3, Number.POSITIVE_INFINITY])('an answer in pieces of %d bytes', (pieceBytes) => {
  it.each([
    ['an empty body', `${ok}Content-Length: 0\r\n\r\n`, 200],
    ['a body of the announced length', `${ok}content-length:  5 \r\nX: \xe9\r\n\r\nhello`, 200],
    ['no reason', 'HTTP/1.1 404\r\nContent-Length: 2\r\n\r\nno', 404],
    ['chunks', `${chunked}5\r\nhello\r\nA;name="a b"\r\n0123456789\r\n0\r\n\r\n`, 200],
    ['chunks in which line ends are', `${chunked}4\r\n\r\n\r\n\r\n0\r\n\r\n`, 200],
    ['a trailer', `${chunked}1\r\nx\r\n0\r\nServer-Timing: total\r\n\r\n`, 200],
    ['no body, by its status', 'HTTP/1.1 204 No Content\r\n\r\n', 204],
    ['no body, by its status, whatever it announces', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n', 304],
    [
      'interim answers',
      `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${ok}Content-Length: 0\r\n\r\n`,
      200,
    ],
    ['a line that continues the one before it', `${ok}X: a\r\n\tb\r\nContent-Length:\r\n 1\r\n\r\nx`, 200],
  ])('with %s is complete and keeps the connection', (_, text, status) => {
    expect(read(text, pieceBytes)).toMatchObject({ progress: 'done', status, keeps: true });
    expect(read(text.slice(0, -1), pieceBytes)).toMatchObject({ progress: 'more', mayEndHere: false });
  });

  it.each([
    ['it is of HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx'],
    ['it says so', `${ok}Content-Length: 1\r\nConnection: x, Close\r\n\r\nx`],
    ['it says so in a second line', `${ok}Connection: x\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx`],
    ['it changes the protocol', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n'],
  ])('does not keep the connection if %s', (_, text) => {
    expect(read(text, pieceBytes)).toMatchObject({ progress: 'done', keeps: false });
  });

  it.each([
    ['no length', `${ok}\r\n`],
    ['a body without a length', `${ok}\r\nhello`],
    ['HTTP/1.0', 'HTTP/1.0 200 OK\r\n\r\nhello'],
    ['an encoding that is not chunked', `${ok}Transfer-Encoding: gzip\r\n\r\nhello`],
  ])('with %s ends with the connection', (_, text) => {
    expect(read(text, pieceBytes)).toMatchObject({ progress: 'more', status: 200, keeps: false, mayEndHere: true });
  });

  it.each([
    ['another protocol', 'SSH-2.0-OpenSSH_9.2p1\r\n'],
    ['another protocol that says little', 'he'],
    ['HTTP/2', 'HTTP/2 200\r\n\r\n'],
    ['a status without digits', 'HTTP/1.1 OK\r\n\r\n'],
    ['a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n'],
    ['a status below 100', 'HTTP/1.1 099 Low\r\n\r\n'],
    ['a line without a name', `${ok}: x\r\n\r\n`],
    ['a line without a colon', `${ok}hello\r\n\r\n`],
    ['a space before the colon', `${ok}Content-Length : 0\r\n\r\n`],
    ['a NUL', `${ok}X: a\0b\r\n\r\n`],
    ['a line end of one byte', `${ok}X: a\nContent-Length: 0\r\n\r\n`],
    ['a length that is no number', `${ok}Content-Length: -1\r\n\r\n`],
    ['an empty length', `${ok}Content-Length:\r\n\r\n`],
    ['two lengths', `${ok}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello`],
    ['a length and chunks', `${ok}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['a chunk without a size', `${chunked}\r\n`],
    ['a chunk whose size is no number', `${chunked}xyz\r\nhello\r\n`],
    ['a chunk whose size is negative', `${chunked}-5\r\nhello\r\n`],
    ['a chunk of an absurd size', `${chunked}${'f'.repeat(13)}\r\nhello\r\n`],
    ['a chunk that is longer than its size', `${chunked}2\r\nhello\r\n0\r\n\r\n`],
  ])('with %s is not HTTP', (_, text) => {
    expect(read(text, pieceBytes).progress).toBe('not HTTP');
  });
});

describe('an answer that is followed by more', () => {
  it.each([
    ['a body that is longer than announced', `${ok}Content-Length: 2\r\n\r\nhello`],
    ['a second answer', `${ok}Content-Length: 0\r\n\r\n`.repeat(2)],
    ['a body of a 204', 'HTTP/1.1 204 No Content\r\n\r\nhello'],
    ['something after the last chunk', `${chunked}0\r\n\r\nhello`],
  ])('is complete, but does not keep the connection: %s', (_, text) => {
    expect(read(text)).toMatchObject({ progress: 'done', keeps: false });
  });
});

describe('a long answer', () => {
  const pieceBytes = 16 * 1024;
  const x = (count: number) => 'x'.repeat(count);

  it.each([
    ['that announces its length', `${ok}Content-Length: 1000000000000\r\n\r\n${x(maxBodyBytes + 1)}`],
    ['that ends with the connection', `${ok}\r\n${x(maxBodyBytes + 1)}`],
    ['in one chunk', `${chunked}ffffffff\r\n${x(maxBodyBytes)}`],
    ['in many chunks', `${chunked}${'1\r\nx\r\n'.repeat(maxBodyBytes / 6 + 1)}`],
  ])('%s is read no further than needed, and does not keep the connection', (_, text) => {
    expect(read(text, pieceBytes)).toMatchObject({ progress: 'done', status: 200, keeps: false });
  });

  it('may be as long as its limits', () => {
    const start = `${ok}Content-Length: ${maxBodyBytes}\r\nX: `;
    const header = `${start}${x(maxHeaderBytes - start.length - 4)}\r\n\r\n`;
    expect(read(header + x(maxBodyBytes), pieceBytes)).toMatchObject({ progress: 'done', keeps: true });
    expect(read(`${start}x${header.slice(start.length)}`, pieceBytes).progress).toBe('header too long');
  });

  it.each([
    ['header', `${ok}X: ${x(1_000_000)}`],
    ['header of many lines', ok + 'X: y\r\n'.repeat(maxHeaderBytes / 6)],
    ['status line', `HTTP/1.1 200 ${x(1_000_000)}`],
    ['series of interim answers', 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(maxHeaderBytes / 20)],
    ['trailer', `${chunked}0\r\n${'X: y\r\n'.repeat(maxHeaderBytes / 6)}`],
    ['chunk size', `${chunked}1;${x(1_000_000)}`],
    ['line of a trailer', `${chunked}0\r\nX: ${x(1_000_000)}`],
  ])('has a %s that is too long', (_, text) => {
    expect(read(text, pieceBytes).progress).toBe('header too long');
  });
});
