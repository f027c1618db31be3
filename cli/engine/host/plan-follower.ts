import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { CommandError } from '../../terminal/command-error.ts';
import { until } from '../../until.ts';
import { appOf, type ServiceName } from '../engine.ts';
import { inTurn } from '../in-turn.ts';
import type { Plan, PlannedService, RunningProcess, StateDirectory } from './state-directory.ts';

const followDeadlineMs = 40_000;

/** Changes what a running supervisor should run, and waits until it does. */
export function planFollower(state: StateDirectory, supervisor: () => RunningProcess | undefined) {
  /** Hands a running supervisor the plan that `wanted` derives from the current one, and waits until it is carried out. */
  async function follow(running: RunningProcess, wanted: () => Plan | undefined): Promise<void> {
    const done = await until(followDeadlineMs, async () => {
      // A plan that another command has written since it was read here would be lost.
      const plan = state.planning(() => {
        const next = wanted();
        if (next !== undefined && next.revision !== state.plan.read()?.revision) {
          state.plan.write(next);
          process.kill(running.pid, 'SIGHUP');
        }
        return next;
      });
      if (plan === undefined) return false;
      const report = state.report.read();
      return report?.revision === plan.revision && report.services.every((service) => !service.changing);
    });
    if (!done)
      throw new CommandError('the services did not apply the new settings in time', { next: './bluegreen status' });
  }

  /** Follows the part of a plan that concerns the pools, one after the other. */
  async function renewPools(running: RunningProcess, wanted: Plan): Promise<void> {
    const flag = (name: string) => existsSync(join(state.control, name));
    await inTurn({
      active: async () => (flag('active.green') ? 'green' : 'blue'),
      isDown: async (pool) => flag(`${pool}.down`),
      async renew(pool) {
        const before = state.report.read()?.services.find(({ name }) => name === appOf(pool))?.process?.pid;
        const current = state.plan.read() ?? wanted;
        const next = wanted.services.find(({ name }) => name === appOf(pool));
        const services = current.services.map((service) => (service.name === appOf(pool) && next ? next : service));
        const plan = { revision: randomUUID(), services };
        await follow(running, () => plan);
        return state.report.read()?.services.find(({ name }) => name === appOf(pool))?.process?.pid !== before;
      },
    });
  }

  /** Changes the plan of one service, even if another command changes that of another service at the same time. */
  async function change(name: ServiceName, changed: (planned: PlannedService) => PlannedService): Promise<void> {
    const running = supervisor();
    const plannedIn = (plan: Plan) => plan.services.find((service) => service.name === name);
    const plan = state.plan.read();
    const before = plan && plannedIn(plan);
    if (running === undefined || before === undefined)
      throw new CommandError('the stack is not running', { next: './bluegreen up' });
    const after = changed(before);
    const isChange = !isDeepStrictEqual(after, before);
    await follow(running, () => {
      const current = state.plan.read() ?? plan;
      const planned = current && plannedIn(current);
      // If another command read the plan before this change and wrote it afterwards, the change is lost and is made again. Any
      // other difference is that command's decision.
      if (current === undefined || !isChange || !isDeepStrictEqual(planned, before)) return current;
      const services = current.services.map((service) => (service.name === name ? after : service));
      return { revision: randomUUID(), services };
    });
  }

  return { follow, renewPools, change };
}
