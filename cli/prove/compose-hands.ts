import { z } from 'zod';
import { poolAddress, poolNetwork } from '../engine/compose/subnet.ts';
import { appOf } from '../engine/engine.ts';
import type { Stack } from '../stack/stack.ts';
import { type Hands, mutingVariables, outputOf } from './hands.ts';

const places = {
  LOG: '/var/log/nginx/access.log',
  CONTROL: '/var/lib/bluegreen/control',
  RUN: '/var/cache/nginx',
} as const;

/** Prints the body whatever the status: a watcher that cannot save its state is degraded. */
const printHealth = "fetch('http://127.0.0.1:8083/healthz').then((answer) => answer.text()).then(console.log)";

const networks = z.record(z.string(), z.object({ Aliases: z.array(z.string()).nullable(), IPAddress: z.string() }));

/** Addresses the containers by the names that the Compose file fixes. */
export function composeHands(stack: Stack): Hands {
  const prefix = stack.settings.STACK_PREFIX ?? '';
  const docker = (...args: string[]) => outputOf({ command: ['docker', ...args], env: process.env });

  async function networksOf(container: string): Promise<z.output<typeof networks>> {
    return networks.parse(
      JSON.parse(await docker('inspect', '--format', '{{json .NetworkSettings.Networks}}', container)),
    );
  }

  return {
    onEdge: (script) => {
      const environment = Object.entries(places).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
      return docker('exec', ...environment, `${prefix}nginx_proxy`, 'sh', '-c', script);
    },

    noNetworkCutReason: undefined,

    disconnect: async (pool) =>
      void (await docker('network', 'disconnect', poolNetwork(stack, pool), prefix + appOf(pool))),

    async connect(pool) {
      const [container, network] = [prefix + appOf(pool), poolNetwork(stack, pool)];
      if (Object.hasOwn(await networksOf(container), network)) return;
      const aliases = [container, appOf(pool)].flatMap((alias) => ['--alias', alias]);
      await docker('network', 'connect', '--ip', poolAddress(stack, pool), ...aliases, network, container);
    },

    // Not `docker compose kill`: to Compose, the proof's watcher is another container of the same service.
    kill: async (name) => void (await docker('kill', prefix + name)),

    async watcher() {
      const name = `${prefix}prove_watcher`;
      // A killed proof may have left one.
      await docker('rm', '--force', name);
      const muting = mutingVariables.flatMap((variable) => ['--env', `${variable}=`]);
      // Its container is read-only, so it cannot save its state. It need not.
      const run = ['run', '--rm', '--no-TTY', '--no-deps', '--quiet-pull', '--name', name, ...muting];
      const file = stack.envFile === undefined ? [] : ['--env-file', stack.envFile];
      const compose = ['compose', '--progress', 'quiet', '--project-directory', stack.root, ...file];
      return {
        command: ['docker', ...compose, ...run, '--env', 'STATE_DIR=/nowhere', 'alert_watcher'],
        env: process.env,
        // The docker client can end while its container runs on.
        cleanUp: `docker rm --force ${name} >/dev/null`,
        // Empty if the container is gone.
        health: () => docker('exec', name, 'node', '-e', printHealth).catch(() => ''),
      };
    },

    async isProberHealthy() {
      const url = 'http://127.0.0.1:8085/healthz';
      const asked = docker('exec', `${prefix}health_prober`, 'wget', '-q', '-T', '2', '-O', '/dev/null', url);
      return asked.then(
        () => true,
        () => false,
      );
    },
  };
}
