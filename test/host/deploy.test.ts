import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Report } from '../../cli/engine/host/state-directory.ts';
import { signalGroup } from '../../system/process-info.ts';
import { channelOf } from '../channel.ts';
import { describeDeployProof } from '../deploy-proof.ts';
import { startFakeSlack } from '../fake-slack.ts';
import { proofSettings } from '../proof-site.ts';
import { createStack, expectDone, root } from '../stack.ts';

const app = `exec '${process.execPath}' '${join(root, 'test/releases.ts')}'`;

describeDeployProof('host', async () => {
  const slack = await startFakeSlack();
  const settings = { SLACK_WEBHOOK_URL: slack.url, BLUE_CMD: app, GREEN_CMD: app, ...proofSettings };
  const stack = await createStack('host', settings);
  const report = (): Report =>
    JSON.parse(readFileSync(join(root, '.bluegreen/stacks', stack.prefix, 'report.json'), 'utf8'));
  return {
    stack,
    channel: channelOf(async () => slack.messages),
    release: (name) => ['--release', name],
    async powerCut() {
      const { supervisor, services } = report();
      process.kill(supervisor.pid, 'SIGKILL');
      for (const { process: running } of services) if (running) signalGroup(running.pid, 'SIGKILL');
    },
    async powerOn() {
      expectDone(await stack.bluegreen('up'));
    },
    async remove() {
      await stack.remove();
      await slack.close();
    },
  };
});
