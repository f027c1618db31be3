import { deployRelease } from '../deploy/deploy.ts';
import { holderText, takeLock } from '../deploy/lock.ts';
import { deployOptions, type RawDeployOptions } from '../deploy/options.ts';
import { preflight, type Start } from '../deploy/preflight.ts';
import { Run } from '../deploy/run.ts';
import { requireUp } from '../engine/choose.ts';
import type { Engine } from '../engine/engine.ts';
import type { Stack } from '../stack/stack.ts';
import { CommandError } from '../terminal/command-error.ts';
import { confirm } from '../terminal/confirm.ts';
import { interruption } from '../terminal/interruption.ts';
import { step } from '../terminal/steps.ts';
import { print, progress, warning } from '../terminal/terminal.ts';

/**
 * Deploys a release; see deployRelease.
 * @throws {CommandError} if the options are invalid, another deploy is in progress, the preflight fails or the deploy fails
 */
export async function deploy(stack: Stack, engine: Engine, raw: RawDeployOptions): Promise<void> {
  const options = deployOptions(raw);
  if (options.image !== undefined && engine.name === 'host') {
    throw new CommandError('--image needs Docker: the host engine runs the demo app, or BLUE_CMD and GREEN_CMD', {
      code: 'MISUSE',
      next: 'install Docker, or omit --image',
    });
  }
  await requireUp(engine);
  const lock = takeLock(stack, `a deploy of ${options.release}`);
  const work = interruption(() => 'see ./bluegreen status');
  try {
    if (lock.left !== undefined) warning(`${holderText(lock.left)} was interrupted; this deploy takes over`);
    const start = await step('preflight', async () => preflight(stack, engine));
    const { active, standby } = start;
    progress(
      `deploying ${options.release} to ${standby.pool}, replacing ${standby.release}; ` +
        `until it is healthy, ${active.pool} (${active.release}) serves without a standby`,
    );
    if (!options.confirmed) await askToReplace(start);
    print(await deployRelease(new Run(stack, engine, options, start, { lock, signal: work.signal })));
  } finally {
    work.end();
    lock.release();
  }
}

/** Asks for confirmation in a terminal. Without one, there is nobody to ask, and the deploy continues. */
async function askToReplace({ standby }: Start): Promise<void> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return;
  if (await confirm(`Replace ${standby.release} on ${standby.pool}?`, { input: process.stdin, output: process.stderr }))
    return;
  throw new CommandError('not confirmed, nothing was changed', { next: 'use --yes to skip the question' });
}
