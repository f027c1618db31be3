import type { Pool } from '../settings/pool.ts';

/** Fields of a line of the edge's log that differ from a plain request served by the active pool. */
export interface LineFields {
  readonly pool?: Pool | '-' | undefined;
  readonly active?: Pool | '-';
  readonly route?: '-' | 'canary' | 'preview';
  readonly release?: string | undefined;
  /** When it started, epoch milliseconds. */
  readonly startMs?: number;
  readonly tookMs?: number;
  readonly status?: number;
  readonly upstreamStatus?: string;
  readonly upstreamAddr?: string;
  readonly responseTime?: string;
  readonly headerTime?: string;
  readonly length?: string;
  readonly contentLength?: string;
  readonly bytesSent?: number;
  readonly completed?: 'OK' | '';
  readonly requestId?: string;
  readonly traceId?: string;
  readonly method?: string;
  readonly uri?: string;
  readonly userAgent?: string;
  readonly fault?: string;
}

const address = { blue: '172.31.240.11:3000', green: '172.31.240.12:3000', '-': '' } as const;

/** A line exactly as the edge writes it, without the newline. `userAgent` and `uri` must be escaped as nginx does. */
export function accessLine(fields: LineFields = {}): string {
  const { active = 'blue', tookMs = 5, startMs = Date.now() - tookMs, status = 200, method = 'GET' } = fields;
  const pool = fields.pool ?? active;
  const upstreamStatus = fields.upstreamStatus ?? String(status).padStart(3, '0');
  const seconds = (tookMs / 1_000).toFixed(3);
  const length = fields.length ?? '57';
  return [
    `pool=${pool}`,
    `release=${fields.release ?? `${pool}-release-1.0.0`}`,
    `active=${active}`,
    `route=${fields.route ?? '-'}`,
    `upstream_status="${upstreamStatus}"`,
    `upstream_addr="${fields.upstreamAddr ?? address[pool]}"`,
    `request_time=${seconds}`,
    `upstream_response_time="${fields.responseTime ?? seconds}"`,
    `status=${String(status).padStart(3, '0')}`,
    `msec=${((startMs + tookMs) / 1_000).toFixed(3)}`,
    `method=${method}`,
    `uri="${fields.uri ?? '/version'}"`,
    `upstream_header_time="${fields.headerTime ?? seconds}"`,
    `upstream_length="${length}"`,
    `upstream_content_length="${fields.contentLength ?? '57'}"`,
    `bytes_sent=${fields.bytesSent ?? 57}`,
    `completed="${fields.completed ?? 'OK'}"`,
    `request_id=${fields.requestId ?? '0123456789abcdef0123456789abcdef'}`,
    `trace_id=${fields.traceId ?? '4bf92f3577b34da6a3ce929d0e0e4736'}`,
    'remote_addr=10.0.0.1',
    `user_agent="${fields.userAgent ?? 'curl/8'}"`,
    `fault="${fields.fault ?? '-'}"`,
  ].join(' ');
}

/** The active pool refused the connection, and the standby answered. */
export function reroutedLine(fields: LineFields = {}): string {
  const active = fields.active === 'green' ? 'green' : 'blue';
  const standby = active === 'blue' ? 'green' : 'blue';
  return accessLine({
    pool: standby,
    upstreamStatus: '502, 200',
    upstreamAddr: `${address[active]}, ${address[standby]}`,
    responseTime: '0.001, 0.004',
    headerTime: '-, 0.004',
    length: '0, 57',
    ...fields,
    active,
  });
}

/** Both pools refused the connection. */
export function unservedLine(fields: LineFields = {}): string {
  return accessLine({
    pool: '-',
    release: '-',
    status: 502,
    upstreamStatus: '502, 502',
    upstreamAddr: `${address.blue}, ${address.green}`,
    responseTime: '0.001, 0.004',
    headerTime: '-, -',
    length: '0, 0',
    contentLength: '-',
    ...fields,
  });
}
