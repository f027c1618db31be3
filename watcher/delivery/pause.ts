/** Pauses that can be cut short. */
export class Pause {
  #end: (() => void) | undefined;
  #closed = false;

  async for(ms: number): Promise<void> {
    if (ms <= 0 || this.#closed) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    this.#end = resolve;
    await promise;
    clearTimeout(timer);
    this.#end = undefined;
  }

  end(): void {
    this.#end?.();
  }

  /** Ends this pause and any later one at once. */
  close(): void {
    this.#closed = true;
    this.#end?.();
  }
}
