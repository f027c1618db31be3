import { once } from 'node:events';
import { connect } from 'node:tls';
import type { Edge } from './edge.ts';

const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
// https://www.rfc-editor.org/rfc/rfc9113#section-6
const frameType = { data: 0, headers: 1, resetStream: 3, settings: 4, goAway: 7 } as const;
const endStream = 1;
const endHeaders = 4;
const deadlineMs = 10_000;

/** How the edge ended the only stream of a connection. */
export type Ending = 'answered' | 'reset' | 'connection closed';

/**
 * Sends a request with header fields that no HTTP/2 client would send, and returns how it ended. What an app has received shows
 * what the edge made of it.
 * @throws if it does not end within 10 s
 */
export async function sendRaw(
  { httpsPort }: Edge,
  fields: readonly (readonly [string, string])[],
  body?: string,
): Promise<Ending> {
  const socket = connect({ host: '127.0.0.1', port: httpsPort, ALPNProtocols: ['h2'], rejectUnauthorized: false });
  socket.on('error', () => {});
  await once(socket, 'secureConnect');
  const block = Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0x10]), text(name), text(value)]));
  const flags = endHeaders | (body === undefined ? endStream : 0);
  socket.write(Buffer.concat([Buffer.from(preface), frame(frameType.settings, 0, 0, Buffer.alloc(0))]));
  socket.write(frame(frameType.headers, flags, 1, block));
  if (body !== undefined) socket.write(frame(frameType.data, endStream, 1, Buffer.from(body)));
  const timer = setTimeout(() => socket.destroy(new Error(`no end within ${deadlineMs} ms`)), deadlineMs);
  try {
    let received = Buffer.alloc(0);
    for await (const chunk of socket) {
      received = Buffer.concat([received, chunk]);
      const ending = endingOf(received);
      if (ending !== undefined) return ending;
    }
    return 'connection closed';
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

function endingOf(received: Buffer): Ending | undefined {
  for (let at = 0; at + 9 <= received.length; at += 9 + received.readUIntBE(at, 3)) {
    const [type, flags, stream] = [received[at + 3], received[at + 4] ?? 0, received.readUInt32BE(at + 5)];
    if (type === frameType.goAway) return 'connection closed';
    if (stream !== 1) continue;
    if (type === frameType.resetStream) return 'reset';
    const carriesAnswer = type === frameType.headers || type === frameType.data;
    if (carriesAnswer && (flags & endStream) !== 0) return 'answered';
  }
  return undefined;
}

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A string literal of HPACK without Huffman code (RFC 7541, section 5.2), of fewer than 127 bytes. */
function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1');
  if (bytes.length >= 127) throw new RangeError(`longer than 126 bytes: ${value}`);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}
