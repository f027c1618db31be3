import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { eventually } from './condition.ts';
import { type Edge, startEdge } from './edge.ts';
import { keepGuarded } from './guarded.ts';
import { converse, type RawAnswer } from './raw-client.ts';

/** An edge under a living prober, in front of pools that answer with what they have understood. */
export interface EchoingEdge extends Edge {
  /** Earlier versions are more tolerant: Debian 12 has 1.22, the image 1.30. */
  readonly nginxVersion: string;
  /** "METHOD target body" of every request that an app got, in order, without those of askAsNextVisitors. */
  readonly seen: string[];
  /** The headers that came with them, as pairs of name and value. */
  readonly seenHeaders: IncomingHttpHeaders[];
  /** Sends requests over the connections that the edge keeps to the pools. Each must get its own answer. */
  askAsNextVisitors(): Promise<void>;
  /** The lines of the access log for a path. */
  linesFor(path: string): Promise<string[]>;
}

export async function startEchoingEdge(env: Record<string, string> = {}): Promise<EchoingEdge> {
  const edge = await startEdge(env);
  const stopBeating = keepGuarded(edge);
  const { nginx: nginxVersion } = JSON.parse((await edge.verb('status')).stdout);
  const seen: string[] = [];
  const seenHeaders: IncomingHttpHeaders[] = [];
  for (const pool of [edge.blue, edge.green]) {
    pool.answer = async (incoming, response) => {
      const echo = `${incoming.method} ${incoming.url} ${await text(incoming)}`;
      if (!incoming.url?.startsWith('/next-visitor')) {
        seen.push(echo);
        seenHeaders.push(incoming.headers);
      }
      response.writeHead(200, { 'Content-Length': Buffer.byteLength(echo) }).end(echo);
    };
  }
  let visitors = 0;
  return {
    ...edge,
    nginxVersion,
    seen,
    seenHeaders,
    async askAsNextVisitors() {
      for (let count = 0; count < 3; count++) {
        const path = `/next-visitor-${visitors++}`;
        const answers = await converse(edge, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
        const bodies = answers.map(({ body }: RawAnswer) => body);
        if (bodies.length !== 1 || bodies[0] !== `GET ${path} `)
          throw new Error(`the next visitor got ${JSON.stringify(bodies)}`);
      }
    },
    linesFor: (path) =>
      eventually(`a log line for ${path}`, () => {
        const lines = readFileSync(edge.accessLog, 'latin1')
          .split('\n')
          .filter((line) => line.includes(` uri="${path}" `));
        return lines.length > 0 ? lines : undefined;
      }),
    async close() {
      stopBeating();
      await edge.close();
    },
  };
}

export const refusedPage = readFileSync(join(import.meta.dirname, '../public/refused.html'), 'utf8');
