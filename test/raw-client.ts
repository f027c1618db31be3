import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

const deadlineMs = 10_000;

export interface RawAnswer {
  /** NaN if the answer does not begin with a status line of HTTP/1.x. */
  readonly status: number;
  /** The status line and the headers. */
  readonly head: string;
  readonly body: string;
}

/**
 * Opens a connection to the edge, which may have any certificate, and writes bytes that no HTTP client would write; U+0000 to
 * U+00FF are one byte each.
 */
export function open({ url }: { readonly url: string }, bytes: string): Socket {
  const { protocol, port } = new URL(url);
  const address = { host: '127.0.0.1', port: Number(port) };
  const socket = protocol === 'https:' ? connectTls({ ...address, rejectUnauthorized: false }) : connect(address);
  socket.setEncoding('latin1');
  // The edge may reset a connection that it has given up.
  socket.on('error', () => {});
  socket.write(bytes, 'latin1');
  return socket;
}

/**
 * Writes bytes and returns all answers until the edge closes the connection, or says that it will.
 * @throws if it does neither within 10 s
 */
export async function converse(edge: { readonly url: string }, bytes: string): Promise<RawAnswer[]> {
  const socket = open(edge, bytes);
  let received = '';
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    socket.destroy();
  }, deadlineMs);
  try {
    for await (const chunk of socket) {
      received += chunk;
      const { answers, rest } = split(received);
      if (rest === '' && /^connection: close\r?$/im.test(answers.at(-1)?.head ?? '')) break;
    }
  } catch (error) {
    if (!isLate && (error as NodeJS.ErrnoException).code !== 'ECONNRESET') throw error;
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
  if (isLate) throw new Error(`the connection is open after ${deadlineMs} ms; received: ${JSON.stringify(received)}`);
  const { answers, rest } = split(received);
  return rest === '' ? answers : [...answers, { ...headOf(rest), body: rest.slice(rest.indexOf('\r\n\r\n') + 4) }];
}

/** Answers that are complete, and what comes after them. */
function split(bytes: string): { answers: RawAnswer[]; rest: string } {
  const answers: RawAnswer[] = [];
  let rest = bytes;
  for (;;) {
    const answer = firstOf(rest);
    if (answer === undefined) return { answers, rest };
    answers.push(answer);
    rest = rest.slice(answer.length);
  }
}

function firstOf(bytes: string): (RawAnswer & { length: number }) | undefined {
  const end = bytes.indexOf('\r\n\r\n') + 4;
  if (end === 3) return undefined;
  const { status, head } = headOf(bytes);
  if (status < 200 || status === 204 || status === 304) return { status, head, body: '', length: end };
  const length = /^content-length: (\d+)\r?$/im.exec(head)?.[1];
  if (length !== undefined) {
    const whole = end + Number(length);
    return bytes.length < whole ? undefined : { status, head, body: bytes.slice(end, whole), length: whole };
  }
  if (!/^transfer-encoding: chunked\r?$/im.test(head)) return undefined;
  let body = '';
  for (let at = end; ; ) {
    const size = /^([0-9a-f]+)\r\n/i.exec(bytes.slice(at, at + 20));
    if (size === null) return undefined;
    const from = at + size[0].length;
    const to = from + Number.parseInt(size[1] ?? '', 16);
    if (bytes.length < to + 2) return undefined;
    body += bytes.slice(from, to);
    at = to + 2;
    if (to === from) return { status, head, body, length: at };
  }
}

function headOf(bytes: string): { status: number; head: string } {
  const [head = ''] = bytes.split('\r\n\r\n', 1);
  return { status: Number(/^HTTP\/1\.[01] (\d{3})(?: |$)/m.exec(head)?.[1] ?? Number.NaN), head };
}
