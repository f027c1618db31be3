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

/** The pictures of docs/alerts.md: the name, which is the anchor of the section, and the real message it shows. */
export const pictured: readonly (readonly [name: string, message: SlackMessage])[] = [
  ...anchors.map((anchor) => [anchor, slackMessage(sampleOf(anchor), context, 'full')] as const),
  ['two-in-one', slackMessage(composedMessages['failover and recovery'], context, 'full')],
  ['late', slackMessage(composedMessages['late because Slack was down'], context, 'full')],
];

/** Changes with the content of a picture; a test compares it with the fingerprints of the drawn pictures. */
export function fingerprintOf(message: SlackMessage): string {
  return createHash('sha256').update(slackHtml(message)).digest('hex').slice(0, 16);
}
