import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { faultOf, maxBodyBytes } from './slack-rules.ts';

/** How the fake answers the next requests. `ok` means by Slack's rules. */
export type Behaviour = 'ok' | '400' | '403' | '404' | '410' | '429' | '500' | 'hang' | 'reset' | 'redirect';

/** A message that was accepted. */
export interface ReceivedMessage {
  readonly text: string;
  /** The whole post, parsed. */
  readonly body: Readonly<Record<string, unknown>>;
  /** Epoch milliseconds. */
  readonly receivedAt: number;
}

export interface FakeSlackOptions {
  readonly host?: string;
  readonly port?: number;
  /** How many posts may follow within a second before the rate limit applies. */
  readonly burst?: number;
  /** No rate limit, for tests about something else. */
  readonly unlimited?: boolean;
  readonly onMessage?: (message: ReceivedMessage) => void;
}

const secretPath = '/services/T0FAKE/B0FAKE/notreallyasecretbutkeepitso';
const secondMs = 1_000;
// Timers and sockets are not exact to the millisecond.
const toleranceMs = 5;

/** Slack's status and error word. */
const answers: { readonly [behaviour in Behaviour]?: readonly [status: number, word: string] } = {
  '400': [400, 'invalid_payload'],
  '403': [403, 'action_prohibited'],
  '404': [404, 'no_service'],
  '410': [410, 'channel_is_archived'],
  '500': [500, 'rollup_error'],
};

/** An HTTP server that stands in for Slack's incoming webhooks and enforces Slack's rules. */
export class FakeSlack {
  /** The part of the URL that must never appear in any output. */
  static readonly path = secretPath;
  readonly messages: ReceivedMessage[] = [];
  /** The number of posts, accepted or not. */
  requests = 0;
  readonly #server: Server;
  readonly #options: FakeSlackOptions;
  readonly #waiting = new Set<() => void>();
  #behaviour: Behaviour = 'ok';
  #retryAfter = '1';
  #left = Number.POSITIVE_INFINITY;
  #tokens: number;
  #refilledMs = 0;

  constructor(options: FakeSlackOptions) {
    this.#options = options;
    this.#tokens = 1 + (options.burst ?? 0);
    this.#server = createServer((request, response) => this.#receive(request, response));
  }

  get url(): string {
    const { address, port } = this.#server.address() as AddressInfo;
    return `http://${address}:${port}${secretPath}`;
  }

  /** The part of the URL that must never appear in any output. */
  get secret(): string {
    return secretPath;
  }

  listen(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once('error', reject);
    this.#server.listen(this.#options.port ?? 0, this.#options.host ?? '127.0.0.1', resolve);
    return promise;
  }

  /** Sets the answer from now on, or for the next `times` posts only. */
  answer(behaviour: Behaviour, { retryAfter = 1, times = Number.POSITIVE_INFINITY } = {}): void {
    this.#behaviour = behaviour;
    this.#retryAfter = String(retryAfter);
    this.#left = times;
  }

  /** Waits for a message that the predicate holds for, and returns the first. Earlier messages count. */
  async waitForMessage(
    predicate: (message: ReceivedMessage) => boolean,
    deadlineMs = 15_000,
  ): Promise<ReceivedMessage> {
    const found = () => this.messages.find(predicate);
    await this.waitFor(() => found() !== undefined, deadlineMs);
    return found() as ReceivedMessage;
  }

  /** Resolves once the condition holds after a post. Rejects at the deadline with the messages so far. */
  async waitFor(condition: () => boolean, deadlineMs = 15_000): Promise<void> {
    if (condition()) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const check = () => {
      if (condition()) resolve();
    };
    const timer = setTimeout(() => {
      const texts = this.messages.map(({ text }) => text);
      reject(
        new Error(
          `the condition did not hold within ${deadlineMs} ms; ${this.requests} posts, messages: ${JSON.stringify(texts)}`,
        ),
      );
    }, deadlineMs);
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

  #receive(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBodyBytes) chunks.push(chunk);
    });
    request.on('end', () => {
      this.requests++;
      this.#respond(request, response, size > maxBodyBytes ? undefined : Buffer.concat(chunks).toString('utf8'));
      for (const check of this.#waiting) check();
    });
  }

  #respond(request: IncomingMessage, response: ServerResponse, content: string | undefined): void {
    const send = (status: number, word: string, headers: Record<string, string> = {}) =>
      response.writeHead(status, { 'content-type': 'text/plain', ...headers }).end(word);
    if (request.url !== secretPath) return void send(404, 'no_service');
    if (request.method !== 'POST') return void send(405, 'method_not_allowed', { allow: 'POST' });
    const behaviour = this.#left > 0 ? this.#behaviour : 'ok';
    this.#left--;
    switch (behaviour) {
      case 'hang':
        return;
      case 'reset':
        request.socket.resetAndDestroy();
        return;
      case 'redirect':
        return void send(302, '', { location: this.url });
      case '429':
        return void send(429, 'rate_limited', { 'retry-after': this.#retryAfter });
      case 'ok':
        break;
      default: {
        const [status, word] = answers[behaviour] ?? [500, 'rollup_error'];
        return void send(status, word);
      }
    }
    if (!this.#admit(Date.now())) return void send(429, 'rate_limited', { 'retry-after': '1' });
    if (content === undefined) return void send(413, 'payload_too_large');
    const fault = faultOf(request.headers['content-type'], content);
    if (fault !== undefined) return void send(400, fault);
    const body = JSON.parse(content) as Record<string, unknown>;
    const message = { text: typeof body.text === 'string' ? body.text : '', body, receivedAt: Date.now() };
    this.messages.push(message);
    this.#options.onMessage?.(message);
    send(200, 'ok');
  }

  /** Admits one post a second, after the burst. */
  #admit(nowMs: number): boolean {
    if (this.#options.unlimited === true) return true;
    const capacity = 1 + (this.#options.burst ?? 0);
    const gained = (nowMs - this.#refilledMs + toleranceMs) / secondMs;
    const tokens = Math.min(capacity, this.#tokens + gained);
    if (tokens < 1) return false;
    this.#tokens = tokens - 1;
    this.#refilledMs = nowMs;
    return true;
  }
}

export async function startFakeSlack(options: FakeSlackOptions = {}): Promise<FakeSlack> {
  const slack = new FakeSlack(options);
  await slack.listen();
  return slack;
}

/** As a program, prints the webhook's URL on the first line, then each message as one line of JSON. */
async function main(): Promise<void> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ options: { port: text, host: text, burst: text } });
  const slack = await startFakeSlack({
    host: values.host ?? '127.0.0.1',
    port: Number(values.port ?? 0),
    burst: Number(values.burst ?? 0),
    onMessage: (message) => process.stdout.write(`${JSON.stringify(message)}\n`),
  });
  process.stdout.write(`${slack.url}\n`);
}

if (import.meta.main) await main();
