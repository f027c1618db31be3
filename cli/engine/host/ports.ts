import type { StackSettings } from '../../stack/stack.ts';

/** Ports on loopback that only the stack itself uses. In containers they are fixed. */
export interface InternalPorts {
  readonly status: number;
  readonly prober: number;
}

type PublicPorts = Pick<StackSettings, 'NGINX_PORT' | 'HTTPS_PORT' | 'BLUE_PORT' | 'GREEN_PORT' | 'WATCHER_PORT'>;

// Other settings can use four of six ports, and there are none above 65535.
const offsets = [1, 2, 3, 4, 5, 6, -1, -2, -3, -4, -5, -6];

/**
 * The two ports next to WATCHER_PORT that no other setting of the stack uses. They depend only on the settings, so a scrape
 * configuration can contain them, and a command knows them without asking the running stack.
 */
export function internalPorts(ports: PublicPorts): InternalPorts {
  const { NGINX_PORT, HTTPS_PORT, BLUE_PORT, GREEN_PORT, WATCHER_PORT } = ports;
  const used = [NGINX_PORT, HTTPS_PORT, BLUE_PORT, GREEN_PORT];
  const [status = 0, prober = 0] = offsets
    .map((offset) => WATCHER_PORT + offset)
    .filter((port) => port >= 1 && port <= 65_535 && !used.includes(port));
  return { status, prober };
}
