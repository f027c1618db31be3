import { setTimeout as delay } from 'node:timers/promises';
import { execa, type Options } from 'execa';
import { z } from 'zod';
import { type Pool, pools } from '../../../settings/pool.ts';
import { variablesOf } from '../../../settings/variables.ts';
import { durationMs } from '../../arguments.ts';
import type { Stack, StackSettings } from '../../stack/stack.ts';
import { CommandError } from '../../terminal/command-error.ts';
import { progress, warning } from '../../terminal/terminal.ts';
import { until } from '../../until.ts';

const servingDeadlineMs = 60_000;
const statusDeadlineMs = 15_000;
const retryMs = 1_000;

/** What `docker inspect` knows of a container, as far as it matters here. */
interface Container {
  readonly State: { readonly Running: boolean; readonly Restarting: boolean };
  readonly Config: { readonly Env: readonly string[]; readonly Labels: Readonly<Record<string, string>> };
}

/**
 * What has to happen to the edge for the present settings:
 *
 * - `start`: it does not run, so Compose starts it like everything else;
 * - `move`: its gate changes, or it has none yet. The published ports are closed for a moment;
 * - `configure`: at most settings of nginx_proxy have changed, which go by a reload;
 * - `replace`: nginx_proxy gets another container, while the gate stands in.
 */
export type EdgeChange = 'start' | 'move' | 'configure' | 'replace';

export interface EdgeStatus {
  readonly active: Pool;
  readonly down: Readonly<Record<Pool, boolean>>;
}

export interface ComposeEdge {
  change(): Promise<EdgeChange>;
  /** Undefined if no nginx answers. */
  status(): Promise<EdgeStatus | undefined>;
  /** Makes way for a gate, or another one. */
  leave(): Promise<void>;
  /** Brings about what `change` says: `configure` or `replace`. */
  update(): Promise<void>;
  /** @param options `force`: even if Compose finds nothing to change */
  replace(options?: { force: boolean }): Promise<void>;
}

const statusSchema = z.object({ active: z.enum(pools), blue_down: z.boolean(), green_down: z.boolean() });

type Run = (args: readonly string[], options?: Options) => Promise<string>;

/** The edge as two containers: nginx_proxy, in the network namespace of edge_gate, which keeps the ports (see edge-gate.sh). */
export function composeEdge({ settings }: Stack, compose: Run, docker: Run): ComposeEdge {
  const prefix = settings.STACK_PREFIX ?? '';
  const gate = `${prefix}edge_gate`;
  const proxy = `${prefix}nginx_proxy`;

  async function inspect(name: string): Promise<Container | undefined> {
    const { stdout, exitCode } = await execa('docker', ['container', 'inspect', name], { reject: false });
    return exitCode === 0 ? (JSON.parse(stdout) as Container[])[0] : undefined;
  }

  async function isGateAsWanted({ Config }: Container): Promise<boolean> {
    const line = await compose(['config', '--hash', 'edge_gate']);
    return line.trim().split(/\s+/).at(-1) === Config.Labels['com.docker.compose.config-hash'];
  }

  /** Asks Compose itself, with the settings that the container has: what differs then can only go by another container. */
  async function isProxyAsWanted(container: Container): Promise<boolean> {
    const args = ['up', '--dry-run', '--detach', '--no-deps', '--no-build', 'nginx_proxy'];
    return !(await compose(args, { env: settingsIn(container), all: true })).includes('Recreate');
  }

  async function change(): Promise<EdgeChange> {
    const [gateNow, proxyNow] = await Promise.all([inspect(gate), inspect(proxy)]);
    if (gateNow === undefined && proxyNow?.State.Running) return 'move';
    if (!gateNow?.State.Running) return 'start';
    // The image of the gate may be an older one: only its ports and networks matter.
    if (!(await isGateAsWanted(gateNow))) return 'move';
    // One that cannot start with its settings restarts again and again.
    if (!proxyNow?.State.Running || proxyNow.State.Restarting) return 'replace';
    return (await isProxyAsWanted(proxyNow)) ? 'configure' : 'replace';
  }

  async function configure(): Promise<void> {
    const { services } = JSON.parse(await compose(['config', '--format', 'json'])) as {
      readonly services: { readonly nginx_proxy: { readonly environment: Readonly<Record<string, string>> } };
    };
    const lines = Object.entries(services.nginx_proxy.environment)
      .filter(([name]) => isReloadable(name))
      .map(([name, value]) => `${name}=${value}\n`);
    await docker(['exec', '--interactive', proxy, 'entrypoint.sh', 'configure'], {
      input: lines.join(''),
      stdin: 'pipe',
    });
  }

  const edge: ComposeEdge = {
    change,

    async status() {
      let found: EdgeStatus | undefined;
      // The gate answers for a dead nginx_proxy, but not at once. Before 0.2.0, there was none.
      await until(statusDeadlineMs, async () => {
        const inside = (name: string) => docker(['exec', name, 'entrypoint.sh', 'status']);
        const answer = await inside(gate)
          .catch(() => inside(proxy))
          .catch(() => undefined);
        found = answer === undefined ? undefined : statusOf(answer);
        return found !== undefined;
      });
      return found;
    },

    update: () =>
      unlessBusy(shutdownTimeoutMs(settings), async () =>
        (await change()) === 'configure' ? configure() : edge.replace(),
      ),

    async leave() {
      warning('the ports or networks of the edge change: the site is unreachable for a moment');
      for (const name of [proxy, gate]) {
        // Nobody can reach it any more once its network is gone, so there is nothing to wait for.
        await execa('docker', ['container', 'rm', '--force', name], { reject: false });
      }
    },

    async replace({ force } = { force: false }) {
      const drainS = Math.ceil(shutdownTimeoutMs(settings) / 1_000);
      progress(`replacing nginx_proxy; edge_gate serves while it finishes its open connections, for up to ${drainS} s`);
      await docker(['exec', gate, 'entrypoint.sh', 'stand-in']);
      const up = ['up', '--detach', '--no-deps', '--no-build', ...(force ? ['--force-recreate'] : [])];
      await compose([...up, '--timeout', String(drainS + 5), 'nginx_proxy'], {
        stdout: 'ignore',
        stderr: ['inherit', 'pipe'],
      });
      const serves = async () =>
        (await execa('docker', ['exec', proxy, 'entrypoint.sh', 'serving'], { reject: false })).exitCode === 0;
      if (await until(servingDeadlineMs, serves)) return;
      throw new CommandError(
        'the new nginx_proxy does not serve; edge_gate still does, with the settings from before',
        {
          next: './bluegreen logs nginx_proxy',
        },
      );
    },
  };
  return edge;
}

function statusOf(answer: string): EdgeStatus {
  const { active, blue_down: blue, green_down: green } = statusSchema.parse(JSON.parse(answer));
  return { active, down: { blue, green } };
}

const reloadable: readonly string[] = variablesOf('nginx_proxy').filter((name) => !name.startsWith('PREVIEW_TOKEN'));

/** The preview token must be in no file, and a container keeps nothing else. */
function isReloadable(name: string): boolean {
  return reloadable.includes(name);
}

/** The settings that a container was created with, and which a reload can change. */
function settingsIn({ Config }: Container): Record<string, string> {
  const pairs = Config.Env.map(
    (line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const,
  );
  return Object.fromEntries(pairs.filter(([name]) => isReloadable(name)));
}

/** As in shutdown_timeout of entrypoint.sh: how long nginx finishes what it has begun. */
function shutdownTimeoutMs({ PROXY_CONNECT_TIMEOUT, PROXY_READ_TIMEOUT, PROXY_LAST_TIMEOUT }: StackSettings): number {
  const ms = (time: string) => durationMs(time) ?? 0;
  return 2 * ms(PROXY_CONNECT_TIMEOUT) + ms(PROXY_READ_TIMEOUT) + ms(PROXY_LAST_TIMEOUT) + 10_000;
}

/**
 * What Docker says while the Compose of a command that was killed is still at work on the same container. An exec in a container that
 * is stopped ends without a word.
 */
const busy =
  /is already in use|removal of container .* is already in progress|No such container|marked for removal|is not running|is restarting|^docker exec failed$/i;

/** Tries again while another Compose is at work. */
async function unlessBusy(forMs: number, act: () => Promise<unknown>): Promise<void> {
  const untilMs = Date.now() + forMs;
  for (;;) {
    try {
      await act();
      return;
    } catch (error) {
      if (!(error instanceof CommandError && busy.test(error.message)) || Date.now() > untilMs) throw error;
      await delay(retryMs);
    }
  }
}
