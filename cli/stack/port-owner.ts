import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { connect, createServer } from 'node:net';
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
  const { NGINX_BIND = '0.0.0.0', NGINX_PORT, BLUE_PORT, GREEN_PORT, WATCHER_PORT, DIRECT_BIND: address } = settings;
  return [
    { name: 'NGINX_PORT', port: NGINX_PORT, address: NGINX_BIND.replace(/^\[(.*)\]$/, '$1') },
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

/** Whether a port is in use: it cannot be bound, or something answers there. */
export async function isTaken(port: number, address: string): Promise<boolean> {
  return (await cannotBind(port, address)) || (await answers(port));
}

function cannotBind(port: number, address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(true));
    server.listen({ port, host: address, exclusive: true }, () => server.close(() => resolve(false)));
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
