import { Agent } from 'node:http';
import type { Exchange } from './answer.ts';
import { exchange } from './exchange.ts';
import { exchangeHttp2 } from './exchange-http2.ts';
import { Http2Sessions } from './http2-sessions.ts';
import type { Task } from './mix.ts';
import { isHttp2, type Site } from './site.ts';

/** The connections of one visitor, or of many. */
export interface Connections {
  exchange(task: Task): Exchange;
  close(): void;
}

/** Over HTTP/1.1, each request in flight has a connection of its own; over HTTP/2, many visitors share these. */
const sharedSessions = 16;

/** Without a limit on requests in flight: if requests had to wait for each other, a load would not be an open loop. */
export function connectionsOfMany(site: Site): Connections {
  return isHttp2(site)
    ? overHttp2(new Http2Sessions(site, sharedSessions))
    : overHttp1(site, new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY, maxFreeSockets: 1_024 }));
}

export function connectionOfOne(site: Site): Connections {
  return isHttp2(site)
    ? overHttp2(new Http2Sessions(site, 1))
    : overHttp1(site, new Agent({ keepAlive: true, maxSockets: 1 }));
}

function overHttp1({ url }: Site, agent: Agent): Connections {
  const origin = new URL(url);
  return { exchange: (task) => exchange(agent, origin, task), close: () => agent.destroy() };
}

function overHttp2(sessions: Http2Sessions): Connections {
  return { exchange: (task) => exchangeHttp2(sessions, task), close: () => sessions.close() };
}
