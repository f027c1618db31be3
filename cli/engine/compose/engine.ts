import { execa, type Options } from 'execa';
import type { Pool } from '../../../settings/pool.ts';
import { publishedPorts } from '../../stack/port-owner.ts';
import type { Stack } from '../../stack/stack.ts';
import { CommandError } from '../../terminal/command-error.ts';
import { warning } from '../../terminal/terminal.ts';
import { appOf, type Engine, type Fault, type Service, type ServiceName, servicesOf } from '../engine.ts';
import { inTurn } from '../in-turn.ts';
import { composeEdge } from './edge.ts';
import { dropImage, fetchImage } from './image.ts';
import { kernelFault } from './kernel.ts';
import { projectOf } from './project.ts';
import { checkSubnet, formerNetworkOf } from './subnet.ts';
import { volumesOf } from './volumes.ts';

const faultCommand = { shutdown: 'stop', kill: 'kill', freeze: 'pause' } as const satisfies Record<Fault, string>;

/** For queries that Docker answers at once or not at all. */
const queryTimeoutMs = 20_000;

/** What Docker says of an exec in a container that has ended, or that cannot start. */
const isNotRunning = /is not running|is restarting|No such container/i;

interface Container {
  readonly service: string;
  readonly state: string;
  /** Docker's text: uptime, health, exit code. */
  readonly status: string;
}

export function composeEngine(stack: Stack): Engine {
  const base = ['compose', '--project-directory', stack.root, ...(stack.envFile ? ['--env-file', stack.envFile] : [])];

  /** @throws {CommandError} with Compose's error output */
  function compose(args: readonly string[], options: Options = {}): Promise<string> {
    return docker(`docker compose ${args[0]}`, [...base, ...args], options);
  }

  async function docker(what: string, args: readonly string[], options: Options): Promise<string> {
    const result = await execa('docker', args, {
      cwd: stack.root,
      stdin: 'ignore',
      reject: false,
      ...options,
    });
    if (result.exitCode === 0) return String(result.all ?? result.stdout ?? '');
    if (result.timedOut)
      throw new CommandError(`${what}: no answer within ${queryTimeoutMs / 1_000} s`, { next: 'docker info' });
    const output = typeof result.stderr === 'string' && result.stderr !== '' ? `:\n${lastLines(result.stderr)}` : '';
    throw new CommandError(`${what} failed${output}`, { next: './bluegreen doctor' });
  }

  /** Takes a third of the time of `docker compose ps`, which first reads the whole configuration. */
  async function containers(): Promise<Container[]> {
    const labels = [`project=${projectOf(stack)}`, 'oneoff=False'];
    const filters = labels.flatMap((label) => ['--filter', `label=com.docker.compose.${label}`]);
    const format = '{{.Label "com.docker.compose.service"}}\t{{.State}}\t{{.Status}}';
    const lines = await docker('docker ps', ['ps', '--all', ...filters, '--format', format], {
      timeout: queryTimeoutMs,
    });
    const found = lines.split('\n').flatMap((line) => {
      const [service = '', state = '', status = ''] = line.split('\t');
      return service === '' ? [] : [{ service, state, status }];
    });
    // While a container is replaced, there are two. The newest comes first.
    return found.filter(({ service }, index) => found.findIndex((other) => other.service === service) === index);
  }

  /** Its subnet is that of the present networks together, so that the stack cannot keep running meanwhile. */
  async function leaveFormerNetwork(): Promise<void> {
    const former = await formerNetworkOf(stack);
    if (former === undefined) return;
    warning(`an older version started this stack: it stops for a moment, because its network ${former} is replaced`);
    await compose(['down', '--remove-orphans'], {
      stdout: 'ignore',
      stderr: 'inherit',
      env: { COMPOSE_PROFILES: '*' },
    });
    await docker('docker network rm', ['network', 'rm', former], {});
  }

  const runDocker = (args: readonly string[], options: Options = {}) => docker(`docker ${args[0]}`, args, options);
  const edge = composeEdge(stack, compose, runDocker);
  const volumes = volumesOf(stack, compose, runDocker);

  async function upAll(...only: string[]): Promise<void> {
    await compose(['up', '--detach', '--remove-orphans', ...only], { stdout: 'ignore', stderr: 'inherit' });
  }

  /** One after the other if one of them serves. */
  async function renewPools(): Promise<void> {
    const now = await edge.status();
    if (now === undefined) return upAll('app_blue', 'app_green');
    await inTurn({
      active: async () => now.active,
      renew,
      isDown: async (pool) => (await edge.status())?.down[pool] ?? true,
    });
  }

  /** Brings a pool's app to the present settings; returns whether it has another container now. */
  async function renew(pool: Pool): Promise<boolean> {
    const args = ['up', '--detach', '--no-deps', '--no-build', appOf(pool)];
    const output = await compose(args, { all: true });
    return /Recreated?|Started/.test(output);
  }

  // Several parts of a command ask for this when it starts.
  let isUp = false;

  return {
    name: 'compose',
    ports: publishedPorts(stack.settings),
    with: composeEngine,

    async isUp() {
      isUp ||= (await containers()).some(({ service }) =>
        (servicesOf('compose', stack.settings) as readonly string[]).includes(service),
      );
      return isUp;
    },

    async up() {
      await checkSubnet(stack);
      const kernel = await kernelFault(stack.settings);
      if (kernel !== undefined) throw new CommandError(kernel);
      // Show the progress of the build in a terminal, but not in a log.
      await compose(['build', ...(process.stderr.isTTY ? [] : ['--quiet'])], { stdout: 'ignore', stderr: 'inherit' });
      await leaveFormerNetwork();
      const change = await edge.change();
      if (change === 'start') return upAll();
      // Whatever else changes, the present edge serves meanwhile.
      const services = (await compose(['config', '--services'])).trim().split('\n');
      const apart: readonly string[] = ['edge_gate', 'nginx_proxy', 'app_blue', 'app_green'];
      await upAll(...services.filter((name) => !apart.includes(name)));
      await renewPools();
      if (change !== 'move') return edge.update();
      await edge.leave();
      await upAll();
    },

    async down({ volumes }) {
      isUp = false;
      const args = ['down', '--remove-orphans', '--timeout', '10', ...(volumes ? ['--volumes'] : [])];
      // The networks cannot be removed while containers of a profile are on them.
      await compose(args, { stdout: 'ignore', stderr: 'inherit', env: { COMPOSE_PROFILES: '*' } });
    },

    async services() {
      const byName = new Map((await containers()).map((container) => [container.service, container]));
      return servicesOf('compose', stack.settings).map((name) => serviceOf(name, byName.get(name)));
    },

    async edge(...args) {
      // In its own process group, so that Ctrl-C does not interrupt it.
      const inside = (name: ServiceName) =>
        docker('docker exec', ['exec', `${stack.settings.STACK_PREFIX ?? ''}${name}`, 'entrypoint.sh', ...args], {
          detached: true,
        });
      try {
        return await inside('nginx_proxy');
      } catch (error) {
        if (!(error instanceof CommandError && isNotRunning.test(error.message))) throw error;
        // The gate serves in its place, from the same flags.
        return inside('edge_gate').catch(() => Promise.reject(error));
      }
    },

    async replace(pool, { unused }) {
      const stop = unused ? ['--timeout', '1'] : [];
      const up = ['up', '--detach', '--no-deps', '--no-build', '--force-recreate', ...stop, appOf(pool)];
      // Quiet, because writing progress to a killed parent would end it halfway.
      await docker('docker compose up', [...base, '--progress', 'quiet', ...up], { detached: true });
    },

    async replaceKit(services) {
      const others = services.filter((name) => name !== 'nginx_proxy');
      const up = ['up', '--detach', '--no-deps', '--no-build', '--force-recreate'];
      if (others.length > 0) await compose([...up, ...others], { stdout: 'ignore', stderr: 'inherit' });
      if (services.includes('nginx_proxy')) await edge.replace({ force: true });
    },

    fetchImage: (pool, image, release) => fetchImage(stack, pool, image, release),

    dropImage: (image) => dropImage(stack, image),

    stateParts: volumes.parts,

    saveState: volumes.save,

    restoreState: volumes.restore,

    lastLines: (of, count) => compose(['logs', '--no-log-prefix', '--tail', String(count), of], { all: true }),

    async logs(of, { follow, lines }) {
      const args =
        of === 'access'
          ? [
              'exec',
              '-T',
              'nginx_proxy',
              'tail',
              '-n',
              String(lines),
              ...(follow ? ['-F'] : []),
              '/var/log/nginx/access.log',
            ]
          : ['logs', '--tail', String(lines), ...(follow ? ['--follow'] : []), ...(of ? [of] : [])];
      await compose(args, { stdout: 'inherit', stderr: 'inherit' });
    },

    async inject(name, fault) {
      await compose([faultCommand[fault], name]);
    },

    async repair(name) {
      const container = (await containers()).find(({ service }) => service === name);
      if (container?.state === 'paused') await compose(['unpause', name]);
      else if (container?.state !== 'running') await compose(['up', '--detach', '--no-deps', '--no-build', name]);
    },
  };
}

function serviceOf(name: ServiceName, container: Container | undefined): Service {
  if (container === undefined) return { name, state: 'missing', detail: 'no container' };
  const { state, status: detail } = container;
  switch (state) {
    case 'running':
    case 'restarting':
    case 'paused':
      return { name, state, detail };
    default:
      return { name, state: 'stopped', detail };
  }
}

function lastLines(text: string): string {
  return text.trimEnd().split('\n').slice(-12).join('\n');
}

/** The first versions with `start_interval` for health checks and with optional env files. */
const oldestEngine = 25;
const oldestCompose = [2, 24] as const;

/** Why Compose cannot be used here; undefined if it can. */
export async function composeUnavailable(): Promise<string | undefined> {
  const options = { reject: false, stdin: 'ignore', timeout: queryTimeoutMs } as const;
  const [engine, plugin] = await Promise.all([
    execa('docker', ['info', '--format', '{{.ServerVersion}}'], options),
    execa('docker', ['compose', 'version', '--short'], options),
  ]);
  if (engine.code === 'ENOENT') return 'docker is not installed';
  if (engine.exitCode !== 0) return 'no Docker Engine answers';
  if (Number.parseInt(engine.stdout, 10) < oldestEngine)
    return `Docker ${engine.stdout} is too old: ${oldestEngine} or newer is needed`;
  if (plugin.exitCode !== 0) return 'docker has no Compose plugin';
  const [major = 0, minor = 0] = plugin.stdout.replace(/^v/, '').split('.').map(Number);
  const isOld = major < oldestCompose[0] || (major === oldestCompose[0] && minor < oldestCompose[1]);
  return isOld ? `Compose ${plugin.stdout} is too old: ${oldestCompose.join('.')} or newer is needed` : undefined;
}
