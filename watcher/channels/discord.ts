import type { Message } from '../alerts/message.ts';
import type { Delivery, Form } from '../delivery/notifier.ts';
import { colorOf } from '../words/facts.ts';
import { type ComposedMessage, compose, plainMessage } from '../words/message.ts';
import { identified } from '../words/wording.ts';
import { boundedWaitMs, deliveryOf, jsonOf } from './answer.ts';
import type { Contract, MessageContext } from './http-notifier.ts';
import { escapeMarkdown, linksMarkdown, spansMarkdown } from './markdown.ts';
import type { Answer } from './post.ts';

// Within Discord's limits, and well below its 6,000 characters for a whole embed.
const maxContentChars = 2_000;
const maxDescriptionChars = 1_000;
const maxFields = 10;
const maxNameChars = 64;
const maxValueChars = 300;
const maxFooterChars = 500;

interface DiscordMessage {
  readonly content: string;
  readonly embeds?: readonly DiscordEmbed[];
  /** Mentions nobody, whatever the text says. */
  readonly allowed_mentions: { readonly parse: readonly [] };
}

interface DiscordEmbed {
  readonly color: number;
  readonly description: string;
  readonly fields: readonly { readonly name: string; readonly value: string; readonly inline: boolean }[];
  readonly footer: { readonly text: string };
  readonly timestamp: string;
}

/** Discord's webhooks: https://docs.discord.com/developers/resources/webhook#execute-webhook */
export function discordContract(context: MessageContext): Contract {
  return {
    // Discord usually allows five messages in two seconds; its headers say when it allows fewer.
    gapMs: 500,
    compose: (message, form) => ({ body: JSON.stringify(discordMessage(message, context, form)) }),
    judge,
  };
}

/** Without `wait`, Discord answers 204 even if it does not save the message. */
export function discordUrl(url: string): string {
  const waiting = new URL(url);
  waiting.searchParams.set('wait', 'true');
  return waiting.href;
}

export function discordMessage(message: Message, context: MessageContext, form: Form): DiscordMessage {
  const { identifier } = context;
  const allowed_mentions = { parse: [] } as const;
  if (form === 'plain') {
    return { content: escapeMarkdown(plainMessage(message, identifier)).slice(0, maxContentChars), allowed_mentions };
  }
  const composed = compose(message);
  const headline = escapeMarkdown(identified(composed.headline, identifier));
  return {
    content: `**${headline.slice(0, maxContentChars - 4)}**`,
    embeds: [
      {
        color: Number.parseInt(colorOf[composed.tone].slice(1), 16),
        description: description(composed, context),
        fields: composed.facts.slice(0, maxFields).map(({ label, spans }) => ({
          name: label.slice(0, maxNameChars),
          value: spansMarkdown(spans, maxValueChars, readersTime),
          inline: true,
        })),
        footer: { text: `incident ${composed.incident}`.slice(0, maxFooterChars) },
        timestamp: new Date(composed.atMs).toISOString(),
      },
    ],
    allowed_mentions,
  };
}

function description({ summary, anchor }: ComposedMessage, context: MessageContext): string {
  const text = escapeMarkdown(summary).slice(0, maxDescriptionChars);
  const links = linksMarkdown(context, anchor).join(' · ');
  return links === '' || text.length + links.length > maxDescriptionChars ? text : `${text}\n${links}`;
}

/** Discord shows it in the reader's time zone, like the embed's timestamp. */
function readersTime(atMs: number): string {
  return `<t:${Math.floor(atMs / 1_000)}:f>`;
}

function judge(answer: Answer): Delivery {
  const { status, headers } = answer;
  const json = jsonOf(answer);
  const delivery = deliveryOf(answer, typeof json?.code === 'number' ? `code ${json.code}` : '', Date.now());
  if (status === 429 && delivery.outcome === 'again' && typeof json?.retry_after === 'number') {
    return { ...delivery, afterMs: boundedWaitMs(json.retry_after * 1_000) };
  }
  if (delivery.outcome === 'delivered' && headers['x-ratelimit-remaining'] === '0') {
    const seconds = Number(headers['x-ratelimit-reset-after']);
    return seconds > 0 ? { ...delivery, afterMs: boundedWaitMs(seconds * 1_000) } : delivery;
  }
  return delivery;
}
