import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EchoingEdge, refusedPage, startEchoingEdge } from '../echoing-edge.ts';
import { converse } from '../raw-client.ts';

let edge: EchoingEdge;

beforeAll(async () => {
  edge = await startEchoingEdge();
});

afterAll(() => edge.close());

/** nginx cannot tell where the request ends, so it reads no further. */
const refused = { statuses: [400], app: [] };
/** nginx does not know the transfer coding. */
const unknown = { statuses: [501], app: [] };
/** One request with this body, then the next one. */
const read = (body: string) => ({ statuses: [200, 200], app: [`POST PATH ${body}`, 'GET /after '] });

const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n';
const chunked = 'Transfer-Encoding: chunked';
const chunks = '5\r\nhello\r\n0\r\n\r\n';

type Outcome = ReturnType<typeof read> | typeof refused | typeof unknown;

/** The headers and the body of a POST; what must happen, from nginx 1.30 on if that differs. */
const bodies: readonly [what: string, headers: string, body: string, must: Outcome, newer?: Outcome][] = [
  ['a length and chunks', `Content-Length: 6\r\n${chunked}`, `0\r\n\r\n${smuggled}`, refused],
  ['chunks and a length', `${chunked}\r\nContent-Length: 4`, `${chunks}${smuggled}`, refused],
  ['the same length twice', 'Content-Length: 5\r\nContent-Length: 5', 'hello', refused],
  ['two lengths', `Content-Length: 0\r\nContent-Length: ${smuggled.length}`, smuggled, refused],
  ['a list of lengths', 'Content-Length: 5, 5', 'hello', refused],
  ['a length with a sign', 'Content-Length: +5', 'hello', refused],
  ['a negative length', 'Content-Length: -5', 'hello', refused],
  ['a hexadecimal length', 'Content-Length: 0x5', 'hello', refused],
  ['a length that overflows', 'Content-Length: 99999999999999999999999', 'hello', refused],
  ['an empty length', 'Content-Length:', '', refused],
  ['a length and a space', 'Content-Length: 5 ', 'hello', read('hello')],
  ['chunks', chunked, chunks, read('hello')],
  ['chunks in capital letters', 'tRANSFER-eNCODING: CHUNKED', chunks, read('hello')],
  ['chunks after a tab', 'Transfer-Encoding:\tchunked', chunks, unknown],
  ['chunks before a tab', 'Transfer-Encoding: chunked\t', chunks, unknown],
  ['chunks after a vertical tab', 'Transfer-Encoding: \x0bchunked', chunks, unknown],
  ['chunks on a folded line', 'Transfer-Encoding:\r\n chunked', chunks, refused],
  ['a length on a folded line', 'X-A: b\r\n Content-Length: 5', 'hello', refused],
  ['chunked, identity', 'Transfer-Encoding: chunked, identity', chunks, unknown],
  ['gzip, chunked', 'Transfer-Encoding: gzip, chunked', chunks, unknown],
  ['identity and a length', 'Transfer-Encoding: identity\r\nContent-Length: 5', 'hello', unknown],
  ['xchunked', 'Transfer-Encoding: xchunked', chunks, unknown],
  ['xchunked and a length', `Transfer-Encoding: xchunked\r\nContent-Length: ${chunks.length}`, chunks, unknown],
  ['chunked twice', `${chunked}\r\n${chunked}`, chunks, refused],
  ['chunked and identity', `${chunked}\r\nTransfer-Encoding: identity`, chunks, refused],
  ['chunked with a space before the colon', 'Transfer-Encoding : chunked', chunks, refused],
  ['a length with a space before the colon', 'Content-Length : 5', 'hello', refused],
  // The header is dropped, like all with underscores.
  ['Transfer_Encoding and a length', 'Transfer_Encoding: chunked\r\nContent-Length: 5', 'hello', read('hello')],
  ['chunk extensions', chunked, '5;a=b;c="d"\r\nhello\r\n0;x\r\n\r\n', read('hello')],
  ['a chunk extension of 100 KB', chunked, `5;${'a'.repeat(100_000)}\r\nhello\r\n0\r\n\r\n`, read('hello')],
  // A lone LF ended a line for nginx until 1.25.
  ['a chunk extension that ends with LF', chunked, '5;a\nhello\r\n0\r\n\r\n', read('hello'), refused],
  ['chunks with LF', chunked, '5\nhello\n0\n\n', read('hello'), refused],
  ['letters in a chunk size', chunked, '5x\r\nhello\r\n0\r\n\r\n', refused],
  ['a chunk size with 0x', chunked, '0x5\r\nhello\r\n0\r\n\r\n', refused],
  ['a negative chunk size', chunked, '-5\r\nhello\r\n0\r\n\r\n', refused],
  ['no chunk size', chunked, '\r\nhello\r\n0\r\n\r\n', refused],
  ['a chunk size that overflows', chunked, '10000000000000005\r\nhello\r\n0\r\n\r\n', refused],
  ['a chunk that is longer than its size', chunked, '3\r\nhello\r\n0\r\n\r\n', refused],
  ['a chunk size with zeros', chunked, '0000000005\r\nhello\r\n0\r\n\r\n', read('hello')],
  ['a chunk size and a space', chunked, '5 \r\nhello\r\n0\r\n\r\n', read('hello')],
  ['trailers', chunked, '5\r\nhello\r\n0\r\nX-A: b\r\nContent-Length: 0\r\n\r\n', read('hello')],
  ['a CR in a header', 'X-A: b\rContent-Length: 5', 'hello', refused],
  ['NUL in a header', 'X-A: a\0b', '', refused],
  ['NUL in the name of a header', 'X\0A: b', '', refused],
  ['a header without a name', ': b', '', refused],
  // It counts as a header with an empty value.
  ['a header without a colon', 'words', '', read('')],
  ['a space in the name of a header', 'X A: b', '', refused],
  ['a space before a header', ' X-A: b', '', refused],
  ['an expectation', 'Expect: 200-ok\r\nContent-Length: 5', 'hello', read('hello')],
];

describe('a POST with', () => {
  it.each(bodies)('%s', async (what, headers, body, must, newer) => {
    const path = `/${encodeURIComponent(what)}`;
    const { statuses, app } = edge.nginxVersion >= '1.30' && newer ? newer : must;
    edge.seen.length = 0;
    const answers = await converse(
      edge,
      `POST ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n\r\n${body}GET /after HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
    );
    await edge.askAsNextVisitors();
    expect(answers.map(({ status }) => status)).toEqual(statuses);
    expect(edge.seen).toEqual(app.map((line) => line.replace('PATH', path)));
    const [status] = statuses;
    if (status !== 200) expect(answers[0]?.body).toBe(refusedPage);
    const lines = await edge.linesFor(path);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(
      status === 200
        ? /^pool=blue .* upstream_status="200" .* status=200 .* method=POST /
        : new RegExp(`^pool=- .* upstream_status="-" .* status=${status} .* method=POST `),
    );
  });
});

const after = 'GET /after HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';

const requests: readonly [what: string, bytes: string, statuses: readonly number[], app: readonly string[]][] = [
  ['two at once', `GET /a HTTP/1.1\r\nHost: x\r\n\r\n`, [200, 200], ['GET /a ', 'GET /after ']],
  [
    'with LF only',
    'POST /a HTTP/1.1\nHost: x\nContent-Length: 5\n\nhello',
    [200, 200],
    ['POST /a hello', 'GET /after '],
  ],
  ['with CR only', 'POST /a HTTP/1.1\rHost: x\r\r', [400], []],
  ['after empty lines', '\r\n\r\nGET /a HTTP/1.1\r\nHost: x\r\n\r\n', [200, 200], ['GET /a ', 'GET /after ']],
  [
    'GET with a body',
    `GET /a HTTP/1.1\r\nHost: x\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
    [200, 200],
    [`GET /a ${smuggled}`, 'GET /after '],
  ],
  [
    'GET with chunks',
    `GET /a HTTP/1.1\r\nHost: x\r\n${chunked}\r\n\r\n${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`,
    [200, 200],
    [`GET /a ${smuggled}`, 'GET /after '],
  ],
  ['HTTP/1.0 with chunks', `POST /a HTTP/1.0\r\nHost: x\r\n${chunked}\r\n\r\n${chunks}`, [400], []],
  // Versions of HTTP/1 are compatible (RFC 9110, section 2.5).
  ['HTTP/1.2', 'GET /a HTTP/1.2\r\nHost: x\r\n\r\n', [200, 200], ['GET /a ', 'GET /after ']],
  ['HTTP/2.0', 'GET /a HTTP/2.0\r\nHost: x\r\n\r\n', [505], []],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', [400], []],
  [
    'an upgrade to HTTP/2',
    'GET /a HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n',
    [200, 200],
    ['GET /a ', 'GET /after '],
  ],
  // The app refuses, and what follows is not taken for the data of a WebSocket.
  [
    'a WebSocket that the app refuses',
    'GET /a HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 777\r\n\r\n',
    [200, 200],
    ['GET /a ', 'GET /after '],
  ],
  [
    'an expectation that is met',
    'POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello',
    [100, 200, 200],
    ['POST /a hello', 'GET /after '],
  ],
];

describe('a request', () => {
  it.each(requests)('%s', async (_what, bytes, statuses, app) => {
    edge.seen.length = 0;
    const answers = await converse(edge, bytes + after);
    await edge.askAsNextVisitors();
    expect(answers.map(({ status }) => status)).toEqual(statuses);
    expect(edge.seen).toEqual(app);
    expect(edge.seenHeaders.at(-1)).not.toHaveProperty('upgrade');
  });
});
