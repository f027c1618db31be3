import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type Cause, causeOf } from './cause.ts';

/**
 * Connects and closes the connection again.
 * @param stayMs how long the connection must stay open: the proxy of a container engine accepts one first and closes it when it
 *   finds that nothing listens behind it
 */
export async function checkConnection(
  origin: string,
  { signal, stayMs = 0 }: { readonly signal: AbortSignal; readonly stayMs?: number | undefined },
): Promise<Cause> {
  const { hostname: host, port } = new URL(origin);
  const socket = connect({ host, port: Number(port) });
  try {
    await once(socket, 'connect', { signal });
    if (stayMs === 0) return undefined;
    socket.resume();
    const isClosed = once(socket, 'close').then(() => true);
    const isOpen = delay(stayMs, false, { signal });
    return (await Promise.race([isClosed, isOpen])) ? 'connection closed' : undefined;
  } catch (error) {
    return causeOf(signal.aborted ? signal.reason : error);
  } finally {
    socket.destroy();
  }
}
