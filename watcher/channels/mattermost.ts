import { utcTime } from '../../report/figures.ts';
import type { Message } from '../alerts/message.ts';
import type { Delivery, Form } from '../delivery/notifier.ts';
import { colorOf } from '../words/facts.ts';
import { type ComposedMessage, compose, plainMessage } from '../words/message.ts';
import { identified } from '../words/wording.ts';
import { deliveryOf, jsonOf } from './answer.ts';
import type { Contract, MessageContext } from './http-notifier.ts';
import { escapeMarkdown, linksMarkdown, spansMarkdown, withoutMentions } from './markdown.ts';
import type { Answer } from './post.ts';

// Mattermost accepts 16,383 characters of text. Old versions accept 7,900 in all attachments together.
const maxTextChars = 4_000;
const maxFields = 10;
const maxFieldChars = 500;

interface MattermostMessage {
  readonly text: string;
  readonly attachments?: readonly MattermostAttachment[];
}

interface MattermostAttachment {
  readonly color: string;
  /** Shown in notifications, as plain text. */
  readonly fallback: string;
  readonly text: string;
  readonly fields: readonly { readonly short: boolean; readonly title: string; readonly value: string }[];
}

/** Mattermost's incoming webhooks: https://developers.mattermost.com/integrate/webhooks/incoming/ */
export function mattermostContract(context: MessageContext): Contract {
  return {
    // Mattermost's limit is 10 a second, if rate limiting is on.
    gapMs: 250,
    compose: (message, form) => ({ body: JSON.stringify(mattermostMessage(message, context, form)) }),
    judge,
  };
}

export function mattermostMessage(message: Message, context: MessageContext, form: Form): MattermostMessage {
  const { identifier } = context;
  if (form === 'plain') return { text: escapeMarkdown(plainMessage(message, identifier)).slice(0, maxTextChars) };
  const composed = compose(message);
  const headline = identified(composed.headline, identifier);
  return {
    text: `**${escapeMarkdown(headline)}**\n${escapeMarkdown(composed.summary)}`.slice(0, maxTextChars),
    attachments: [
      {
        color: colorOf[composed.tone],
        fallback: withoutMentions(headline),
        text: footer(composed, context),
        fields: composed.facts.slice(0, maxFields).map(({ label, spans }) => ({
          short: true,
          title: label,
          value: spansMarkdown(spans, maxFieldChars, utcTime),
        })),
      },
    ],
  };
}

/** Mattermost has no way to show a moment in the reader's own time zone. */
function footer({ atMs, incident, anchor }: ComposedMessage, context: MessageContext): string {
  return [...linksMarkdown(context, anchor), utcTime(atMs), `incident \`${incident}\``].join(' · ');
}

function judge(answer: Answer): Delivery {
  const id = jsonOf(answer)?.id;
  const word = typeof id === 'string' && /^[a-z_.]{1,80}$/.test(id) ? id : '';
  // A webhook that was deleted is answered with 400, like a message that is wrong.
  if (answer.status === 400 && word === 'web.incoming_webhook.invalid.app_error') {
    return { outcome: 'closed', reason: `HTTP 400 (${word})` };
  }
  return deliveryOf(answer, word, Date.now());
}
