import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Pool } from '../../settings/pool.ts';
import { variablesOf } from '../deploy/preflight.ts';
import { edgeStatus } from '../edge/control-state.ts';
import { poolStatus } from '../edge/pool-status.ts';
import { switchOver } from '../edge/switch-over.ts';
import { sameEngine } from '../engine/choose.ts';
import { envPath, readStack, type Stack } from '../stack/stack.ts';
import { CommandError } from '../terminal/command-error.ts';
import { until } from '../until.ts';
import type { Scenario } from './scenario.ts';

const bakeSeconds = 5;
const healthyDeadlineMs = 60_000;

/** Each env file as it was before, to be restored byte for byte. */
const before = new Map<string, Buffer | undefined>();

/** Deploys the standby's own release to it again, with the command line that operators use. */
export const deployScenario: Scenario = {
  name: 'deploy',
  about: `the standby's release is deployed to it again, and monitored for ${bakeSeconds} s`,
  lasts: 'act',
  async act({ stack, engine, standby, signal }) {
    const path = envPath(stack);
    before.set(path, existsSync(path) ? readFileSync(path) : undefined);
    const { settings, root, envFile } = stack;
    const image = standby === 'blue' ? settings.BLUE_IMAGE : settings.GREEN_IMAGE;
    const release = standby === 'blue' ? settings.RELEASE_ID_BLUE : settings.RELEASE_ID_GREEN;
    const args = [
      ...['--engine', engine.name, ...(envFile === undefined ? [] : ['--env-file', envFile])],
      ...['deploy', '--yes', '--release', release, ...(image === undefined ? [] : ['--image', image])],
      ...(settings.HEALTH_CHECK === 'tcp' ? [] : ['--smoke-path', settings.HEALTH_PATH]),
      ...['--bake', `${bakeSeconds}s`],
    ];
    const command = [process.execPath, join(root, 'cli/main.ts'), ...args] as const;
    // The operator's hooks are for real releases, so none is found here.
    const env = { HOOKS_DIR: '/dev/null' };
    const options = { cwd: root, env, stdin: 'ignore', reject: false, all: true } as const;
    const result = await execa(command[0], command.slice(1), options);
    signal.throwIfAborted();
    if (result.exitCode !== 0) throw new CommandError(`the deploy failed:\n${result.all}`);
    return undefined;
  },
  async undo({ stack, engine, active, standby }) {
    const path = envPath(stack);
    if (!before.has(path)) return;
    if ((await edgeStatus(engine)).active !== active) await switchOver(stack, engine, active, { reason: 'rollback' });
    const deployed = readStack(stack.envFile);
    const now = existsSync(path) ? readFileSync(path) : undefined;
    const was = before.get(path);
    before.delete(path);
    if (now?.equals(was ?? Buffer.alloc(0)) === true || now === was) return;
    if (was === undefined) rmSync(path);
    else writeFileSync(path, was);
    const restored = readStack(stack.envFile);
    // The pool runs the same release, even if the env file names it differently.
    if (variablesOf(standby).every((name) => restored.settings[name] === deployed.settings[name])) return;
    await sameEngine(engine, restored).replace(standby, { unused: false });
    await becomeHealthy(restored, standby);
  },
  expects: () => ({ allowances: [] }),
  alerts: {
    due: { 'deploy-started': 1, 'deploy-finished': 1, switch: 2 },
    may: { 'standby-down': 1, 'standby-resolved': 1 },
  },
};

async function becomeHealthy(stack: Stack, pool: Pool): Promise<void> {
  const isHealthy = await until(healthyDeadlineMs, async () => (await poolStatus(stack, pool)).healthy);
  if (!isHealthy) throw new CommandError(`${pool} does not become healthy again`, { next: './bluegreen status' });
}
