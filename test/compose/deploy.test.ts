import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { channelOf } from '../channel.ts';
import { describeDeployProof } from '../deploy-proof.ts';
import { FakeSlack, type ReceivedMessage } from '../fake-slack.ts';
import { proofSettings } from '../proof-site.ts';
import { createStack, expectDone, root, type TestStack } from '../stack.ts';

/** The first words of the releases' names; each has an image of its own. */
const behaviours = ['good', 'unhealthy', 'gone', 'tired'];

describeDeployProof('compose', async () => {
  const stack = await createStack('compose', {
    COMPOSE_FILE: 'docker-compose.yml:test/compose/fake-slack.yml',
    SLACK_WEBHOOK_URL: `http://fake_slack:9099${FakeSlack.path}`,
    ...proofSettings,
  });
  const compose = async (...args: string[]) =>
    expectDone(await stack.run('docker', 'compose', '--env-file', stack.envFile, ...args));
  const remove = async () => {
    await stack.remove();
    rmSync(join(root, '.bluegreen/stacks', stack.prefix), { recursive: true, force: true });
    const { stdout } = await stack.run('docker', 'image', 'ls', '--format', '{{.Repository}}:{{.Tag}}');
    const ours = stdout.split('\n').filter((name) => name.includes(stack.prefix));
    if (ours.length > 0) expectDone(await stack.run('docker', 'image', 'rm', ...ours));
  };
  try {
    await compose('build', '--quiet');
    for (const behaviour of behaviours) await build(stack, behaviour);
  } catch (error) {
    await remove().catch((reason) => console.error(reason));
    throw error;
  }
  return {
    stack,
    channel: channelOf(async () => {
      const { stdout } = expectDone(await stack.run('docker', 'logs', `${stack.prefix}fake_slack`));
      const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
      return lines.map((line) => JSON.parse(line) as ReceivedMessage);
    }),
    release: (name) => ['--image', imageOf(stack, name), '--release', name],
    async powerCut() {
      await compose('kill');
    },
    async powerOn() {
      await compose('up', '--detach');
    },
    remove,
  };
});

/** No registry answers at this address: the images exist only on this machine. */
function imageOf({ prefix }: TestStack, release: string): string {
  return `localhost:1/${prefix}shop:${release.split('-', 1)[0]}`;
}

async function build(stack: TestStack, behaviour: string): Promise<void> {
  const values = { BASE: `${stack.prefix}bluegreen-node:local`, BEHAVIOUR: behaviour };
  const buildArguments = Object.entries(values).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);
  const file = ['--file', 'test/compose/releases.Dockerfile', 'test'];
  expectDone(
    await stack.run('docker', 'build', '--quiet', ...buildArguments, '--tag', imageOf(stack, behaviour), ...file),
  );
}
