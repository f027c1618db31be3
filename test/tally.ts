export const kinds = ['get', 'post', 'upload', 'slow', 'stream', 'socket'] as const;
/** The kinds of requests of the load. */
export type Kind = (typeof kinds)[number];

export interface Failure {
  readonly atMs: number;
  readonly kind: Kind;
  /** 0 if there was no answer. */
  readonly status: number;
  /** The pool that answered. */
  readonly pool: string | undefined;
  readonly why: string;
}

/** The results of the requests that began in one period. */
export class Tally {
  /** Requests begun, by kind. For WebSockets, messages are counted. */
  readonly begun: Record<Kind, number> = { get: 0, post: 0, upload: 0, slow: 0, stream: 0, socket: 0 };
  /** Requests answered completely and correctly, by pool. */
  readonly answeredBy: Record<string, number> = {};
  readonly failures: Failure[] = [];
  /** Messages that a closing WebSocket did not answer, sent again on the next one. */
  resent = 0;
  /** Requests answered with the maintenance page, as expected. */
  turnedAway = 0;
  /** WebSockets that were closed with a code that asks the client to reconnect. */
  restarted = 0;
  readonly #open = new Set<Promise<unknown>>();

  /** Counts a request that begins. `ended` waits for it. */
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

  /** Resolves when all requests have ended. */
  async ended(): Promise<void> {
    await Promise.all(this.#open);
  }

  get requests(): number {
    return kinds.reduce((sum, kind) => sum + this.begun[kind], 0);
  }

  /** Whether every request that began has a result. */
  get isAccountedFor(): boolean {
    const answered = Object.values(this.answeredBy).reduce((sum, count) => sum + count, 0);
    return answered + this.turnedAway + this.resent + this.failures.length >= this.requests;
  }

  /** One line, such as "812 requests (get 560, post 120, …), 0 failed; 3 sockets restarted". */
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

/** Matches requests that must not be repeated once a pool has answered 500: POSTs. */
export function unrepeatable(broken: string): (failure: Failure) => boolean {
  return ({ kind, status, pool }) => (kind === 'post' || kind === 'upload') && status === 500 && pool === broken;
}

/** The failures, in a form that assertions print readably. */
export function failureLines(failures: readonly Failure[]): string[] {
  return failures.map(({ kind, pool, why }) => `${kind}: ${why} (${pool ?? 'no pool'})`);
}
