import { poolStatus } from '../edge/pool-status.ts';
import { sameEngine } from '../engine/choose.ts';
import { warning } from '../terminal/terminal.ts';
import { drain } from './drain.ts';
import { becomeHealthy, smokeCommand, smokePaths } from './gates.ts';
import { planned } from './planned.ts';
import type { Run } from './run.ts';

/** Time allowed for replacing an app, which can take up its whole stop period. */
const replaceMs = 40_000;

/** Puts the release on the standby. The active pool is not touched. */
export async function stage(run: Run): Promise<void> {
  const { stack, engine, pool, start, signal } = run;
  const { release, image } = run.options;
  await run.record({
    kind: 'deploy-started',
    ...run.identity,
    image,
    replaces: start.standby.release,
    activeRelease: start.active.release,
    untilMs: Date.now() + run.drainMs + replaceMs + run.gateMs,
  });
  await run.hook('pre-deploy');
  if (image !== undefined) {
    await run.at('image', async () => {
      run.image = await engine.fetchImage(pool, image, release);
      return run.image;
    });
  }
  await run.at('drain', (say) => drain(engine, pool, run.drainMs, { say, signal }));
  await run.at('replace', async () => {
    run.planned = planned(stack, pool, release, run.image);
    await sameEngine(engine, run.planned.next).replace(pool, { unused: false });
    return `${release} replaces ${start.standby.release}`;
  });
  signal.throwIfAborted();
}

/**
 * Checks the release on the standby: its health and the smoke tests.
 * @throws {GateFailure} at the first gate that it fails
 */
export async function check(run: Run): Promise<void> {
  const { stack, engine, pool, gateMs, signal } = run;
  const { release, smokePaths: paths, smokeCommands } = run.options;
  await run.at('health', (say) => becomeHealthy(stack, engine, pool, gateMs, { say, signal }));
  const { reported } = await poolStatus(stack, pool);
  if (reported !== undefined && reported !== release) {
    warning(`the app on ${pool} reports release ${reported}, not ${release}`);
  }
  if (paths.length > 0) await run.at('smoke', () => smokePaths(stack, engine, paths));
  for (const command of smokeCommands) {
    await run.at('smoke', async () => {
      await smokeCommand(command, run.hookEnvironment(), gateMs, signal);
      return command;
    });
  }
}
