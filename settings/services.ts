/**
 * The services of a stack, in the order in which they are listed to people. `edge_gate` is a container and has no counterpart on the
 * host engine; `certificates` runs only if DOMAINS is set.
 */
export const serviceNames = [
  'edge_gate',
  'nginx_proxy',
  'app_blue',
  'app_green',
  'health_prober',
  'alert_watcher',
  'certificates',
] as const;

export type ServiceName = (typeof serviceNames)[number];

/**
 * Who reads a variable:
 *
 * - a service, from its environment;
 * - `host:` and a service: the same, on the host engine only. In the container, the default always applies;
 * - `compose`: the Compose file, for images, published ports and limits;
 * - `cli`: the command line, including the host engine.
 */
export type Reader = ServiceName | `host:${ServiceName}` | 'compose' | 'cli';
