/** Lets only so many tasks run at a time; the others wait in the order in which they came. */
export class Turns {
  readonly #limit: () => number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /** @param limit asked whenever a task comes or ends */
  constructor(limit: () => number) {
    this.#limit = limit;
  }

  async take<T>(task: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#limit()) await new Promise<void>((begin) => this.#waiting.push(begin));
    else this.#running += 1;
    try {
      return await task();
    } finally {
      this.#running -= 1;
      this.lookAgain();
    }
  }

  /** Lets tasks begin if the limit is higher than before. */
  lookAgain(): void {
    while (this.#waiting.length > 0 && this.#running < this.#limit()) {
      this.#running += 1;
      this.#waiting.shift()?.();
    }
  }
}
