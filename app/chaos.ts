import type { Socket } from 'node:net';

export const chaosModes = ['error', 'timeout', 'slow', 'reset', 'truncate', 'crash', 'disk'] as const;

export type ChaosMode = (typeof chaosModes)[number];

export function isChaosMode(word: unknown): word is ChaosMode {
  return chaosModes.some((mode) => mode === word);
}

/** The fault being simulated, and the connections that it holds. In memory only: a restarted app is healthy again. */
export class Chaos {
  #mode: ChaosMode | undefined;
  readonly #held = new Set<Socket>();

  get mode(): ChaosMode | undefined {
    return this.#mode;
  }

  start(mode: ChaosMode): void {
    if (mode !== this.#mode) this.stop();
    this.#mode = mode;
  }

  /** Ends the fault. Held connections are closed: an answer would come minutes late. */
  stop(): void {
    this.#mode = undefined;
    for (const socket of this.#held) socket.destroy();
  }

  /** Keeps a connection open without answering until the mode ends or the client closes it. */
  hold(socket: Socket): void {
    if (this.#held.has(socket)) return;
    this.#held.add(socket);
    socket.once('close', () => this.#held.delete(socket));
  }
}
