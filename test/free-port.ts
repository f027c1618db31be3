import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the ephemeral ports (ip(7), ip_local_port_range), which outgoing connections may take at any time. */
const [lowest, highest] = [20_000, 32_000];

/** Distinct ports that were free a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest));
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

/** Consecutive ports that were free a moment ago. */
export async function freeBlock(count: number): Promise<number[]> {
  for (;;) {
    const first = lowest + Math.floor(Math.random() * (highest - lowest));
    const block = Array.from({ length: count }, (_, index) => first + index);
    const free = await Promise.all(block.map(isFree));
    if (free.every(Boolean)) return block;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
