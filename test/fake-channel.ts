import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A post as it was received. */
export interface ReceivedPost {
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly content: string;
  readonly receivedAt: number;
}

export interface FakeAnswer {
  readonly status: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A channel's rules: the answer to a post. */
export type Rules = (post: ReceivedPost) => FakeAnswer;

const secretPath = '/hooks/notreallyasecretbutkeepitso';

interface Embed {
  readonly fields: readonly { readonly value: string }[];
}

/** The fields of a post that tests read. Each channel has some of them. */
export interface AcceptedPost {
  readonly content?: string;
  readonly text?: string;
  readonly embeds?: readonly Embed[];
  readonly attachments?: readonly Embed[];
  readonly allowed_mentions?: unknown;
}

/** An HTTP server that stands in for a channel and enforces its rules. */
export class FakeChannel {
  /** Everything that was posted. */
  readonly posts: ReceivedPost[] = [];
  /** The accepted posts, parsed. */
  readonly accepted: AcceptedPost[] = [];
  readonly #server: Server;
  readonly #overrides: FakeAnswer[] = [];
  readonly #waiting = new Set<() => void>();

  constructor(rules: Rules) {
    this.#server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const post = {
        url: new URL(request.url ?? '/', 'http://fake'),
        headers: request.headers,
        content: Buffer.concat(chunks).toString('utf8'),
        receivedAt: Date.now(),
      };
      this.posts.push(post);
      const answer = this.#overrides.shift() ?? rules(post);
      if (answer.status < 300) this.accepted.push(JSON.parse(post.content) as AcceptedPost);
      response.writeHead(answer.status, answer.headers).end(answer.body);
      for (const check of this.#waiting) check();
    });
  }

  get secret(): string {
    return secretPath;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${secretPath}`;
  }

  listen(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.listen(0, '127.0.0.1', resolve);
    return promise;
  }

  /** Gives the next posts these answers, whatever the rules say. */
  answerNext(...answers: readonly FakeAnswer[]): void {
    this.#overrides.push(...answers);
  }

  /** Resolves once the condition holds after a post. */
  async waitFor(condition: () => boolean, deadlineMs = 5_000): Promise<void> {
    if (condition()) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const check = () => {
      if (condition()) resolve();
    };
    const timer = setTimeout(
      () =>
        reject(
          new Error(
            `the condition did not hold within ${deadlineMs} ms; posts: ${this.posts.map(({ content }) => content).join('\n')}`,
          ),
        ),
      deadlineMs,
    );
    this.#waiting.add(check);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(check);
    }
  }

  close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.#server.closeAllConnections();
    return promise;
  }
}

export async function startFakeChannel(rules: Rules): Promise<FakeChannel> {
  const channel = new FakeChannel(rules);
  await channel.listen();
  return channel;
}
