import type { Message } from '../alerts/message.ts';
import type { Delivery, Form, Notifier } from '../delivery/notifier.ts';
import { type Answer, Poster, type PosterOptions } from './post.ts';

/** Settings that are the same for every message. */
export interface MessageContext {
  readonly identifier?: string | undefined;
  readonly runbookUrl?: string | undefined;
  readonly dashboardUrl?: string | undefined;
}

/** What differs between the kinds of channels. */
export interface Contract {
  readonly gapMs: number;
  readonly compose: (message: Message, form: Form) => Post;
  readonly judge: (answer: Answer) => Delivery;
}

export interface Post {
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface HttpNotifierOptions extends PosterOptions {
  readonly name: string;
  /** A secret: anybody who has it can post. */
  readonly url: string;
  readonly contract: Contract;
}

/** A channel that receives its messages over HTTP. */
export class HttpNotifier implements Notifier {
  readonly name: string;
  readonly gapMs: number;
  readonly #contract: Contract;
  readonly #poster: Poster;

  constructor({ name, url, contract, ...options }: HttpNotifierOptions) {
    this.name = name;
    this.gapMs = contract.gapMs;
    this.#contract = contract;
    this.#poster = new Poster(url, options);
  }

  async deliver(message: Message, form: Form, signal: AbortSignal): Promise<Delivery> {
    const { body, headers = {} } = this.#contract.compose(message, form);
    const answer = await this.#poster.post(body, headers, signal);
    return typeof answer === 'string' ? { outcome: 'again', reason: answer } : this.#contract.judge(answer);
  }

  async close(): Promise<void> {
    await this.#poster.close();
  }
}
