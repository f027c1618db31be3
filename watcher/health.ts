import { createServer, type Server } from 'node:http';
import type { Pool } from '../settings/pool.ts';
import type { CheckpointHealth } from './checkpointer.ts';
import type { FileIdentity } from './log-file.ts';
import type { OutboxHealth } from './outbox.ts';
import type { TailState } from './tail.ts';

/** What `GET /healthz` answers: 200 if `ok`, 503 if `degraded`. */
export interface Health {
  /** `degraded`: the log cannot be read, the checkpoint cannot be written, or Slack takes no message until a person has seen to it. */
  readonly status: 'ok' | 'degraded';
  readonly version: string;
  readonly log: {
    readonly state: TailState;
    readonly fault: string | null;
    readonly lagBytes: number;
    readonly lines: number;
    /** When the last request that was read had ended. */
    readonly lastLine: string | null;
    readonly rejects: Readonly<Record<string, number>>;
    readonly rotations: number;
    readonly truncations: number;
    /** Logs that were gone before they had been read to their end. */
    readonly gaps: number;
    /** Which file is read. */
    readonly file: FileIdentity | null;
  };
  /** `failing`: what a crash would lose or repeat grows by the second. */
  readonly checkpoint: CheckpointHealth;
  /** The active colour and who answered last, as the log tells it. */
  readonly active: Pool | null;
  readonly serving: Pool | null;
  readonly down: { readonly blue: boolean; readonly green: boolean } | null;
  readonly openIncidents: readonly { readonly kind: string; readonly incident: string; readonly since: string }[];
  readonly window: { readonly samples: number; readonly failed: number; readonly errorPercent: number };
  readonly alertsHeldBack: number;
  readonly maintenance: boolean;
  readonly slack: { readonly configured: boolean } & Partial<OutboxHealth>;
  readonly channels: readonly ({ readonly name: string } & OutboxHealth)[];
}

/** Serves `GET /healthz`, and nothing else. */
export function serveHealth(read: () => Health): Server {
  return createServer((request, response) => {
    request.resume();
    const path = request.url?.split('?', 1)[0];
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    if (path !== '/healthz' || !isRead) {
      response.writeHead(path === '/healthz' ? 405 : 404, path === '/healthz' ? { allow: 'GET, HEAD' } : {}).end();
      return;
    }
    const health = read();
    response.writeHead(health.status === 'ok' ? 200 : 503, {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
    });
    response.end(request.method === 'HEAD' ? undefined : `${JSON.stringify(health)}\n`);
  });
}
