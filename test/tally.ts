export const kinds = ['get', 'post', 'upload', 'slow', 'stream', 'socket'] as const;
/** What a client of the load does again and again. */
export type Kind = (typeof kinds)[number];

export interface Failure {
  readonly atMs: number;
  readonly kind: Kind;
  /** 0: no answer. */
  readonly status: number;
  /** Who answered. */
  readonly pool: string | undefined;
  readonly why: string;
}

/** What became of the requests that began in one stretch of time. */
export class Tally {
  /** Begun, by kind; of WebSockets, the messages. */
  readonly begun: Record<Kind, number> = { get: 0, post: 0, upload: 0, slow: 0, stream: 0, socket: 0 };
  /** Answered whole and right, by pool. */
  readonly answeredBy: Record<string, number> = {};
  readonly failures: Failure[] = [];
  /** Messages that a closing WebSocket did not answer, said again on the next one. */
  resent = 0;
  /** Answered by the maintenance page, where that was to be. */
  turnedAway = 0;
  /** WebSockets that were closed with the code that asks a client to come again, and did. */
  restarted = 0;
  readonly #open = new Set<Promise<unknown>>();

  /** Counts one that begins, and waits for it in `ended`. */
  begin(kind: Kind, work: Promise<unknown>): void {
    this.begun[kind]++;
    this.#open.add(work);
    void work.finally(() => this.#open.delete(work));
  }

  answered(pool: string): void {
    this.answeredBy[pool] = (this.answeredBy[pool] ?? 0) + 1;
  }

  failed(failure: Omit<Failure, 'atMs'>): void {
    this.failures.push({ atMs: Date.now(), ...failure });
  }

  /** Resolves when all that began in it has ended. */
  async ended(): Promise<void> {
    await Promise.all(this.#open);
  }

  get requests(): number {
    return kinds.reduce((sum, kind) => sum + this.begun[kind], 0);
  }

  /** Nothing that was begun is missing. */
  get isAccountedFor(): boolean {
    const answered = Object.values(this.answeredBy).reduce((sum, count) => sum + count, 0);
    return answered + this.turnedAway + this.resent + this.failures.length >= this.requests;
  }

  /** One line, as in "812 requests (get 560, post 120, …), 0 failed; 3 sockets restarted". */
  toString(): string {
    const byKind = kinds.map((kind) => `${kind} ${this.begun[kind]}`).join(', ');
    const byPool = Object.entries(this.answeredBy).map(([pool, count]) => `${pool} ${count}`);
    const more = [
      ...byPool,
      ...(this.turnedAway > 0 ? [`${this.turnedAway} turned away`] : []),
      ...(this.restarted > 0 ? [`${this.restarted} sockets restarted`] : []),
    ];
    return `${this.requests} requests (${byKind}), ${this.failures.length} failed; ${more.join(', ')}`;
  }
}

/** Holds for what nobody may repeat once a pool has answered it 500: a POST. */
export function unrepeatable(broken: string): (failure: Failure) => boolean {
  return ({ kind, status, pool }) => (kind === 'post' || kind === 'upload') && status === 500 && pool === broken;
}

/** What failed, in a form that an assertion prints well. */
export function failureLines(failures: readonly Failure[]): string[] {
  return failures.map(({ kind, pool, why }) => `${kind}: ${why} (${pool ?? 'nobody'})`);
}
