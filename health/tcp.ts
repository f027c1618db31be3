import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { addressOf } from './address.ts';
import { type Cause, causeOf } from './cause.ts';
import { startDeadline } from './deadline.ts';

/**
 * Connects and closes the connection again.
 * @param stayMs how long the connection must stay open: the proxy of a container engine accepts one first and closes it when it
 *   finds that nothing listens behind it
 */
export async function checkConnection(
  origin: string,
  { timeoutMs, stayMs = 0 }: { readonly timeoutMs: number; readonly stayMs?: number | undefined },
): Promise<Cause> {
  const deadline = new AbortController();
  const { signal } = deadline;
  const cancelDeadline = startDeadline(timeoutMs, () => deadline.abort());
  const socket = connect(addressOf(origin));
  try {
    await once(socket, 'connect', { signal });
    if (stayMs === 0) return undefined;
    socket.resume();
    const isClosed = once(socket, 'close').then(() => true);
    const isOpen = delay(stayMs, false, { signal });
    return (await Promise.race([isClosed, isOpen])) ? 'connection closed' : undefined;
  } catch (error) {
    return signal.aborted ? 'timeout' : causeOf(error);
  } finally {
    cancelDeadline();
    socket.destroy();
  }
}
