import { z } from 'zod';
import { projectOf } from '../engine/compose/subnet.ts';
import { appOf } from '../engine/engine.ts';
import type { Stack } from '../stack/stack.ts';
import { type Hands, outputOf, silencedVariables } from './hands.ts';

const places = {
  LOG: '/var/log/nginx/access.log',
  CONTROL: '/var/lib/bluegreen/control',
  RUN: '/var/cache/nginx',
} as const;

/** Whatever its status: a watcher that can keep nothing is degraded. */
const printHealth = "fetch('http://127.0.0.1:8083/healthz').then((answer) => answer.text()).then(console.log)";

const networks = z.record(z.string(), z.object({ Aliases: z.array(z.string()).nullable(), IPAddress: z.string() }));

/** By the containers' names, which the Compose file fixes. */
export function composeHands(stack: Stack): Hands {
  const prefix = stack.settings.STACK_PREFIX ?? '';
  const address = { blue: `${stack.settings.SUBNET_PREFIX}.11`, green: `${stack.settings.SUBNET_PREFIX}.12` };
  const docker = (...args: string[]) => outputOf({ command: ['docker', ...args], env: process.env });
  const network = `${projectOf(stack)}_bluegreen`;

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

    whyNoNetworkCut: undefined,

    cutOff: async (pool) => void (await docker('network', 'disconnect', network, prefix + appOf(pool))),

    async connect(pool) {
      const container = prefix + appOf(pool);
      if (Object.hasOwn(await networksOf(container), network)) return;
      const aliases = [container, appOf(pool)].flatMap((alias) => ['--alias', alias]);
      await docker('network', 'connect', '--ip', address[pool], ...aliases, network, container);
    },

    // To Compose, the proof's watcher is one more container of the service.
    kill: async (name) => void (await docker('kill', prefix + name)),

    async watcher() {
      const name = `${prefix}prove_watcher`;
      // What a proof that was killed has left.
      await docker('rm', '--force', name);
      const silenced = silencedVariables.flatMap((variable) => ['--env', `${variable}=`]);
      // In its read-only container it can keep nothing, and need not.
      const run = ['run', '--rm', '--no-TTY', '--no-deps', '--quiet-pull', '--name', name, ...silenced];
      const file = stack.envFile === undefined ? [] : ['--env-file', stack.envFile];
      const compose = ['compose', '--progress', 'quiet', '--project-directory', stack.root, ...file];
      return {
        command: ['docker', ...compose, ...run, '--env', 'STATE_DIR=/nowhere', 'alert_watcher'],
        env: process.env,
        // The client of a container can end without it.
        cleanUp: `docker rm --force ${name} >/dev/null`,
        // A container that is gone answers as one that says nothing.
        health: () => docker('exec', name, 'node', '-e', printHealth).catch(() => ''),
      };
    },

    async isProberWell() {
      const url = 'http://127.0.0.1:8085/healthz';
      const asked = docker('exec', `${prefix}health_prober`, 'wget', '-q', '-T', '2', '-O', '/dev/null', url);
      return asked.then(
        () => true,
        () => false,
      );
    },
  };
}
