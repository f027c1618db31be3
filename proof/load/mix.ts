import { accepts, type HealthQuestion } from '../../health/question.ts';
import { Bodies } from './bodies.ts';
import type { RequestKind } from './sample.ts';

/** A request to send. */
export interface Task {
  readonly kind: RequestKind;
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** How long the client waits for the response. */
  readonly timeoutMs: number;
  /** Whether the response must name its pool; apps other than the demo app need not. */
  readonly saysPool: boolean;
  /** Whether the app answers with this status if nothing is wrong. */
  passes(status: number): boolean;
  /** Whether the complete body of such an answer is correct. */
  isRight(body: string, pool: string | undefined): boolean;
}

/** What to request: everything that the demo app offers, or what a health check asks any app. */
export type MixName = { readonly app: 'demo' } | { readonly app: 'any'; readonly question: HealthQuestion };

/** Shares of all requests, in percent. */
export const demoShares = { get: 73, head: 5, post: 20, slow: 1, upload: 0.5, stream: 0.5 } as const;
const anyShares = { get: 90, head: 10 } as const;

const quickTimeoutMs = 10_000;
const streamTimeoutMs = 90_000;
export const streamSeconds = 4;
/** Longer than PROXY_READ_TIMEOUT usually is. */
const tardyMs = 4_500;

/** Hands out requests so that each kind is spread evenly, at its share. */
export class Mix {
  readonly #name: MixName;
  readonly #bodies = new Bodies();
  readonly #weights: readonly { readonly kind: RequestKind; readonly share: number; credit: number }[];

  constructor(name: MixName) {
    this.#name = name;
    const shares = name.app === 'demo' ? demoShares : anyShares;
    this.#weights = Object.entries(shares).map(([kind, share]) => ({ kind: kind as RequestKind, share, credit: 0 }));
  }

  /** The next request: of the kind that is furthest behind its share. */
  next(headers: Readonly<Record<string, string>>): Task {
    const total = this.#weights.reduce((sum, { share }) => sum + share, 0);
    let chosen = this.#weights[0];
    for (const weight of this.#weights) {
      weight.credit += weight.share;
      if (chosen === undefined || weight.credit > chosen.credit) chosen = weight;
    }
    if (chosen === undefined) throw new Error('an empty mix');
    chosen.credit -= total;
    return this.task(chosen.kind, headers);
  }

  task(kind: RequestKind, headers: Readonly<Record<string, string>>): Task {
    const question = this.#name.app === 'any' ? this.#name.question : undefined;
    const path = question?.path ?? '/version';
    const anyBody = question !== undefined;
    const base = {
      kind,
      headers: { ...question?.headers, ...headers },
      timeoutMs: quickTimeoutMs,
      saysPool: !anyBody,
      passes: (status: number) => (question === undefined ? status === 200 : accepts(question, status)),
    } as const;
    switch (kind) {
      case 'get':
        return { ...base, method: 'GET', path, isRight: (body, pool) => anyBody || bodySaysPool(body, pool) };
      case 'head':
        return { ...base, method: 'HEAD', path, isRight: (body) => body === '' };
      case 'slow':
        return { ...base, method: 'GET', path: '/slow?ms=1000', isRight: bodySaysPool };
      case 'post':
      case 'upload': {
        const { bytes, sha256 } = kind === 'post' ? this.#bodies.small() : this.#bodies.large();
        const expected = JSON.stringify({ bytes: bytes.length, sha256 });
        return { ...base, method: 'POST', path: '/echo', body: bytes, isRight: (body) => body === expected };
      }
      case 'stream':
        return {
          ...base,
          method: 'GET',
          path: `/stream?seconds=${streamSeconds}`,
          headers: { ...headers, accept: 'text/event-stream' },
          timeoutMs: streamTimeoutMs,
          isRight: (body) => body.match(/^id: /gm)?.length === streamSeconds,
        };
      case 'poison':
        return { ...base, method: 'GET', path: '/status?code=500', isRight: () => false };
      case 'headers':
        return { ...base, method: 'GET', path: '/headers?kb=40', isRight: () => false };
      case 'tardy':
        return {
          ...base,
          method: 'GET',
          path: `/slow?ms=${tardyMs}`,
          timeoutMs: streamTimeoutMs,
          isRight: bodySaysPool,
        };
      default:
        return kind satisfies never;
    }
  }
}

function bodySaysPool(body: string, pool: string | undefined): boolean {
  try {
    return (JSON.parse(body) as { pool?: unknown }).pool === pool;
  } catch {
    return false;
  }
}
