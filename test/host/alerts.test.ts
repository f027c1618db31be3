import { alertSettings, describeAlerts } from '../alert-scenarios.ts';
import { channelOf } from '../channel.ts';
import { startFakeSlack } from '../fake-slack.ts';
import { createStack } from '../stack.ts';

describeAlerts('host', async () => {
  const slack = await startFakeSlack();
  const stack = await createStack('host', { SLACK_WEBHOOK_URL: slack.url, ...alertSettings });
  return {
    stack,
    channel: channelOf(async () => slack.messages),
    async remove() {
      await stack.remove();
      await slack.close();
    },
  };
});
