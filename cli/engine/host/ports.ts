import type { StackSettings } from '../../stack/stack.ts';

/** Ports on loopback that only the stack itself uses. In containers they are fixed. */
export interface InternalPorts {
  readonly status: number;
  readonly prober: number;
}

type PublicPorts = Pick<StackSettings, 'NGINX_PORT' | 'BLUE_PORT' | 'GREEN_PORT' | 'WATCHER_PORT'>;

// Three of five can belong to the other settings, and above 65535 there are none.
const offsets = [1, 2, 3, 4, 5, -1, -2, -3, -4, -5];

/**
 * The two ports next to WATCHER_PORT that no other setting of the stack names. They depend on the settings alone: a scrape
 * configuration can name them, and a command finds them without asking the running stack.
 */
export function internalPorts({ NGINX_PORT, BLUE_PORT, GREEN_PORT, WATCHER_PORT }: PublicPorts): InternalPorts {
  const named = [NGINX_PORT, BLUE_PORT, GREEN_PORT];
  const [status = 0, prober = 0] = offsets
    .map((offset) => WATCHER_PORT + offset)
    .filter((port) => port >= 1 && port <= 65_535 && !named.includes(port));
  return { status, prober };
}
