import { deliveryOf } from './answer.ts';
import type { Contract, MessageContext } from './http-notifier.ts';
import { slackMessage } from './slack-message.ts';

/** Slack's incoming webhooks: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks */
export function slackContract(context: MessageContext): Contract {
  return {
    // Slack takes one message a second and webhook.
    gapMs: 1_000,
    compose: (message, form) => ({ body: JSON.stringify(slackMessage(message, context, form)) }),
    judge: (answer) => deliveryOf(answer, wordOf(answer.body), Date.now()),
  };
}

/** Slack answers with one word. Anything else is not ours to repeat: it could hold the URL. */
function wordOf(body: string): string {
  return /^[a-z_]{1,60}$/.test(body.trim()) ? body.trim() : '';
}
