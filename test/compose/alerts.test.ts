import { alertSettings, describeAlerts } from '../alert-scenarios.ts';
import { channelOf } from '../channel.ts';
import { FakeSlack, type ReceivedMessage } from '../fake-slack.ts';
import { createStack, expectDone } from '../stack.ts';

describeAlerts('compose', async () => {
  const stack = await createStack('compose', {
    COMPOSE_FILE: 'docker-compose.yml:test/compose/fake-slack.yml',
    SLACK_WEBHOOK_URL: `http://fake_slack:9099${FakeSlack.path}`,
    ...alertSettings,
  });
  return {
    stack,
    channel: channelOf(async () => {
      const { stdout } = expectDone(await stack.run('docker', 'logs', `${stack.prefix}fake_slack`));
      const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
      return lines.map((line) => JSON.parse(line) as ReceivedMessage);
    }),
    remove: () => stack.remove(),
  };
});
