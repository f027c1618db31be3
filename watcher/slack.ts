import { Agent, request } from 'undici';
import type { Alert } from './alert.ts';
import type { Delivery, Form, Notifier } from './notifier.ts';
import { type SlackContext, slackMessage } from './slack-message.ts';

const minRetryAfterMs = 1_000;
const maxRetryAfterMs = 5 * 60_000;
const maxAnswerBytes = 2_048;

export interface SlackOptions {
  /** A secret: whoever has it can post. */
  readonly webhookUrl: string;
  readonly context: SlackContext;
  readonly connectTimeoutMs?: number;
  /** For one try as a whole. */
  readonly requestTimeoutMs?: number;
}

/** Slack's incoming webhooks: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks */
export class SlackNotifier implements Notifier {
  readonly name = 'slack';
  /** Slack takes one message a second and webhook. */
  readonly gapMs = 1_000;
  readonly #webhookUrl: string;
  readonly #context: SlackContext;
  readonly #requestTimeoutMs: number;
  readonly #agent: Agent;

  constructor({ webhookUrl, context, connectTimeoutMs = 5_000, requestTimeoutMs = 10_000 }: SlackOptions) {
    this.#webhookUrl = webhookUrl;
    this.#context = context;
    this.#requestTimeoutMs = requestTimeoutMs;
    this.#agent = new Agent({ connect: { timeout: connectTimeoutMs }, keepAliveTimeout: 30_000 });
  }

  async deliver(alert: Alert, form: Form, signal: AbortSignal): Promise<Delivery> {
    const body = JSON.stringify(slackMessage(alert, this.#context, form));
    const timeout = AbortSignal.timeout(this.#requestTimeoutMs);
    try {
      // undici follows no redirect by itself: one would carry the message to who knows where.
      const response = await request(this.#webhookUrl, {
        dispatcher: this.#agent,
        method: 'POST',
        headers: { 'content-type': 'application/json; charset=utf-8' },
        body,
        signal: AbortSignal.any([signal, timeout]),
      });
      const answer = await readAnswer(response.body);
      return deliveryOf(response.statusCode, response.headers['retry-after'], answer, Date.now());
    } catch (error) {
      return { outcome: 'again', reason: timeout.aborted ? 'no answer in time' : reasonOf(error) };
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

/** What Slack's answer means for the message and for the channel. */
export function deliveryOf(
  status: number,
  retryAfter: string | string[] | undefined,
  answer: string,
  nowMs: number,
): Delivery {
  if (status >= 200 && status < 300) return { outcome: 'delivered' };
  const reason = `HTTP ${status}${answer === '' ? '' : ` (${answer})`}`;
  if (status === 429) {
    return { outcome: 'again', reason, afterMs: retryAfterMs(retryAfter, nowMs) ?? minRetryAfterMs };
  }
  if (status >= 500 || status === 408) {
    const afterMs = retryAfterMs(retryAfter, nowMs);
    return { outcome: 'again', reason, ...(afterMs === undefined ? {} : { afterMs }) };
  }
  if (status === 400 || status === 413) return { outcome: 'refused', reason };
  if (status >= 300 && status < 400) return { outcome: 'closed', reason: `HTTP ${status}: redirects are refused` };
  return { outcome: 'closed', reason };
}

/** Seconds or an HTTP date, within bounds. */
export function retryAfterMs(header: string | string[] | undefined, nowMs: number): number | undefined {
  const word = (Array.isArray(header) ? header[0] : header)?.trim();
  if (word === undefined || word === '') return undefined;
  const afterMs = /^\d{1,9}$/.test(word) ? Number(word) * 1_000 : Date.parse(word) - nowMs;
  if (Number.isNaN(afterMs)) return undefined;
  return Math.min(maxRetryAfterMs, Math.max(minRetryAfterMs, afterMs));
}

/** Slack answers with one word. Anything else is not ours to repeat: it could hold the URL. */
async function readAnswer(body: AsyncIterable<Buffer>): Promise<string> {
  let text = '';
  for await (const chunk of body) {
    text += chunk.toString('latin1');
    if (text.length > maxAnswerBytes) break;
  }
  return /^[a-z_]{1,60}$/.test(text.trim()) ? text.trim() : '';
}

/** Only the code: messages of network errors name the host, and those of URL errors the whole URL. */
function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ECONNREFUSED':
      return 'connection refused';
    case 'ECONNRESET':
    case 'UND_ERR_SOCKET':
      return 'connection reset';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'host name not resolved';
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'ETIMEDOUT':
      return 'connecting timed out';
    default:
      return typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,40}$/.test(code) ? `failed with ${code}` : 'request failed';
  }
}
