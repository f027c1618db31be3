import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { errorCode } from '../../system/error-code.ts';
import type { StackSettings } from './stack.ts';

/** A port that a stack listens on. */
export interface Port {
  /** The setting, or what it is for. */
  readonly name: string;
  readonly port: number;
  readonly address: string;
}

/** The ports that the settings name. */
export function publishedPorts(settings: StackSettings): readonly Port[] {
  const { NGINX_BIND = '0.0.0.0', NGINX_PORT, DOMAINS, HTTPS_PORT } = settings;
  const { BLUE_PORT, GREEN_PORT, WATCHER_PORT, DIRECT_BIND: address } = settings;
  const bind = NGINX_BIND.replace(/^\[(.*)\]$/, '$1');
  return [
    { name: 'NGINX_PORT', port: NGINX_PORT, address: bind },
    ...(DOMAINS === undefined ? [] : [{ name: 'HTTPS_PORT', port: HTTPS_PORT, address: bind }]),
    { name: 'BLUE_PORT', port: BLUE_PORT, address },
    { name: 'GREEN_PORT', port: GREEN_PORT, address },
    { name: 'WATCHER_PORT', port: WATCHER_PORT, address },
  ];
}

/** A sentence for each port that something else uses. */
export async function takenPorts(ports: readonly Port[]): Promise<readonly string[]> {
  const taken: string[] = [];
  for (const { name, port, address } of ports) {
    if (!(await isTaken(port, address))) continue;
    taken.push(`port ${port} (${name}) is taken by ${portOwner(port) ?? 'another program'}`);
  }
  return taken;
}

/** A sentence about the ports that this account may not listen on; undefined if there are none. */
export async function forbiddenPorts(ports: readonly Port[]): Promise<string | undefined> {
  const forbidden: Port[] = [];
  for (const port of ports) if ((await bindFault(port.port, port.address)) === 'EACCES') forbidden.push(port);
  if (forbidden.length === 0) return undefined;
  const names = forbidden.map(({ name, port }) => `${port} (${name})`).join(' and ');
  const lowest = Math.min(...forbidden.map(({ port }) => port));
  return (
    `only root may listen on ${names}: run ./bluegreen as root, set other ports in .env, ` +
    `or allow it with sysctl net.ipv4.ip_unprivileged_port_start=${lowest}`
  );
}

/** Whether a port is in use: it cannot be bound, or something answers there. */
async function isTaken(port: number, address: string): Promise<boolean> {
  const fault = await bindFault(port, address);
  return (fault !== undefined && fault !== 'EACCES') || (await answers(port));
}

/** The error code with which a port cannot be bound; undefined if it can. */
function bindFault(port: number, address: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(errorCode(error) ?? error.message));
    server.listen({ port, host: address, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const end = (taken: boolean) => {
      socket.destroy();
      resolve(taken);
    };
    socket.setTimeout(1000, () => end(false));
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}

/** The process that listens on a port, as "nginx (pid 123)"; undefined if that cannot be determined. */
export function portOwner(port: number): string | undefined {
  const inodes = listeningInodes(port);
  if (inodes.size === 0) return undefined;
  for (const pid of entries('/proc').filter((name) => /^\d+$/.test(name))) {
    for (const descriptor of entries(`/proc/${pid}/fd`)) {
      if (inodes.has(link(`/proc/${pid}/fd/${descriptor}`))) {
        return `${contents(`/proc/${pid}/comm`).trim()} (pid ${pid})`;
      }
    }
  }
  return undefined;
}

/** proc_net(5): local address as HEX:PORT in the second column, state 0A is LISTEN, the inode in the tenth. */
function listeningInodes(port: number): ReadonlySet<string> {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((path) => contents(path).split('\n').slice(1));
  const columns = rows.map((row) => row.trim().split(/\s+/));
  const listening = columns.filter(([, local, , state]) => state === '0A' && local?.endsWith(wanted));
  return new Set(listening.map((row) => `socket:[${row[9]}]`));
}

function contents(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function entries(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
