import { createHash } from 'node:crypto';
import { anchors } from '../report/alert-kinds.ts';
import { composedMessages, sampleOf } from '../test/sample-messages.ts';
import { type SlackMessage, slackMessage } from '../watcher/channels/slack.ts';
import { slackHtml } from './slack-page.ts';

const context = {
  identifier: 'shop',
  runbookUrl: 'https://wiki.example/alerts',
  dashboardUrl: 'https://ops.example/',
};

/** Each picture of docs/alerts.md by its name, which is its section's anchor, and the real message that it shows. */
export const pictured: readonly (readonly [name: string, message: SlackMessage])[] = [
  ...anchors.map((anchor) => [anchor, slackMessage(sampleOf(anchor), context, 'full')] as const),
  ['two-in-one', slackMessage(composedMessages['failover and recovery'], context, 'full')],
  ['late', slackMessage(composedMessages['late because Slack was down'], context, 'full')],
];

/** Changes with what a picture shows: a test holds it against those that the pictures were drawn from. */
export function fingerprintOf(message: SlackMessage): string {
  return createHash('sha256').update(slackHtml(message)).digest('hex').slice(0, 16);
}
