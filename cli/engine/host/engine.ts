import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { processInfo, signalGroup } from '../../../system/process-info.ts';
import { forbiddenPorts, type Port, publishedPorts, takenPorts } from '../../stack/port-owner.ts';
import type { Stack } from '../../stack/stack.ts';
import { CommandError } from '../../terminal/command-error.ts';
import { until } from '../../until.ts';
import { appOf, type Engine, type Service, type ServiceName, servicesOf } from '../engine.ts';
import { partsOf, restoreParts, saveParts } from './kept-state.ts';
import { edgeCommand, edgeEnvironment, planOf } from './plan.ts';
import { planFollower } from './plan-follower.ts';
import { internalPorts } from './ports.ts';
import { handOver, type Secrets, secretsOf, withoutSecrets } from './secrets.ts';
import { compileWatcher, spawnSupervisor } from './spawn-supervisor.ts';
import { type Plan, type PlannedService, type RunningProcess, stateDirectoryOf } from './state-directory.ts';
import { ensureInstalled, toolsFor } from './tools.ts';

const supervisorDeadlineMs = 10_000;
const stopDeadlineMs = 40_000;
const releaseDeadlineMs = 1_000;

export function hostEngine(stack: Stack): Engine {
  const { settings, root } = stack;
  const state = stateDirectoryOf(stack);
  const { status, prober } = internalPorts(settings);
  const address = '127.0.0.1';
  const ports: readonly Port[] = [
    ...publishedPorts(settings),
    { name: 'next to WATCHER_PORT, for the status of the edge', port: status, address },
    { name: 'next to WATCHER_PORT, for the prober', port: prober, address },
  ];

  function supervisor(): RunningProcess | undefined {
    const running = state.report.read()?.supervisor;
    return running && isAlive(running) ? running : undefined;
  }

  const { follow, change, renewPools } = planFollower(state, supervisor);

  function runningProcess(name: ServiceName): RunningProcess | undefined {
    const reported = state.report.read()?.services.find((service) => service.name === name)?.process;
    return reported && isAlive(reported) ? reported : undefined;
  }

  /** Ends services that a killed supervisor left running, because they hold the ports. */
  async function endLeftovers(): Promise<void> {
    const report = state.report.read();
    const reported = report?.services ?? [];
    const left = reported
      .flatMap(({ process, finishing = [] }) => (process === undefined ? finishing : [process, ...finishing]))
      .filter(isAlive);
    for (const { pid } of left) signalGroup(pid, 'SIGKILL');
    await until(stopDeadlineMs, async () => !left.some(isAlive));
    if (report?.socket !== undefined) rmSync(dirname(report.socket), { recursive: true, force: true });
    rmSync(state.report.path, { force: true });
  }

  async function refuseForbiddenPorts(): Promise<void> {
    const forbidden = await forbiddenPorts(ports);
    if (forbidden !== undefined) throw new CommandError(forbidden);
  }

  async function refuseTakenPorts(): Promise<void> {
    let taken: readonly string[] = [];
    // A process counts as gone when its first thread has ended; other threads may hold a socket a moment longer.
    await until(releaseDeadlineMs, async () => {
      taken = await takenPorts(ports);
      return taken.length === 0;
    });
    if (taken.length > 0)
      throw new CommandError(taken.join('\n'), { next: 'stop that program, or set another port in .env' });
  }

  async function startSupervisor(secrets: Secrets): Promise<void> {
    spawnSupervisor(root, state, secrets);
    const started = await until(supervisorDeadlineMs, async () => supervisor() !== undefined);
    if (!started) throw new CommandError(`the supervisor did not start; see ${state.logOf('supervisor')}`);
  }

  /** Follows a plan without stopping nginx: it takes over from itself if a program changed, and else loads changed settings. */
  async function updateEdge(running: RunningProcess, plan: Plan): Promise<void> {
    const before = state.plan.read();
    await follow(running, () => plan);
    const versionIn = (services: readonly { name: ServiceName; version?: string | undefined }[] | undefined) =>
      services?.find(({ name }) => name === 'nginx_proxy')?.version;
    const wanted = plan.services.find(({ name }) => name === 'nginx_proxy')?.handOver?.version;
    if (versionIn(state.report.read()?.services) === wanted) {
      await runEdge(['configure']);
      return;
    }
    const services = plan.services.map((service) =>
      service.name === 'nginx_proxy'
        ? (before?.services.find(({ name }) => name === 'nginx_proxy') ?? service)
        : service,
    );
    const restored = { revision: randomUUID(), services };
    await follow(running, () => restored);
    throw new CommandError('the new nginx does not serve; the one from before still does', {
      next: './bluegreen logs nginx_proxy',
    });
  }

  async function runEdge(args: readonly string[]): Promise<string> {
    const [command, ...rest] = edgeCommand(stack);
    const result = await execa(command, [...rest, ...args], {
      env: edgeEnvironment(stack, state),
      extendEnv: false,
      // In its own process group, so that Ctrl-C does not interrupt it.
      detached: true,
      reject: false,
      stdin: 'ignore',
    });
    if (result.exitCode === 0) return result.stdout;
    throw new CommandError(result.stderr.replaceAll(/^entrypoint: /gm, ''), { next: './bluegreen status' });
  }

  const setWanted = (name: ServiceName, wanted: PlannedService['wanted']) =>
    change(name, (planned) => ({ ...planned, wanted }));

  return {
    name: 'host',
    ports,
    with: hostEngine,

    isUp: async () => supervisor() !== undefined,

    async up() {
      for (const name of ['BLUE_IMAGE', 'GREEN_IMAGE'] as const) {
        if (settings[name] === undefined) continue;
        throw new CommandError(`${name} is set, but the host engine runs no images, only the demo app`, {
          next: `install Docker, or unset ${name}`,
        });
      }
      await ensureInstalled(toolsFor(settings));
      state.create();
      const running = supervisor();
      if (running === undefined) {
        await endLeftovers();
        await refuseForbiddenPorts();
        await refuseTakenPorts();
      }
      const plan = planOf(stack, state);
      const written = { ...plan, services: plan.services.map(withoutSecrets) };
      if (running) {
        await handOver(state.report.read()?.socket, secretsOf(plan.services));
        await renewPools(running, written);
        return updateEdge(running, written);
      }
      rmSync(state.run, { recursive: true, force: true });
      state.create();
      await compileWatcher(plan);
      state.plan.write(written);
      await startSupervisor(secretsOf(plan.services));
    },

    async down({ volumes }) {
      const running = supervisor();
      if (running) {
        process.kill(running.pid, 'SIGTERM');
        const ended = await until(stopDeadlineMs, async () => !isAlive(running));
        if (!ended)
          throw new CommandError(`the supervisor (pid ${running.pid}) did not stop; see ${state.logOf('supervisor')}`);
      }
      await endLeftovers();
      if (volumes) state.remove();
    },

    async services() {
      const report = state.report.read();
      return servicesOf('host', stack.settings).map((name): Service => {
        const reported = report?.services.find((service) => service.name === name);
        if (reported === undefined) return { name, state: 'missing', detail: 'not started' };
        const running = reported.process;
        const info = running && processInfo(running.pid);
        const restarts = reported.restarts > 0 ? `, restarted ${reported.restarts} times` : '';
        if (running && info && info.startedAt === running.startedAt) {
          return { name, state: info.frozen ? 'paused' : 'running', detail: `pid ${running.pid}${restarts}` };
        }
        const wanted = state.plan.read()?.services.find((service) => service.name === name)?.wanted;
        const detail = `${reported.lastEnd ?? 'not running'}${restarts}`;
        return { name, state: wanted === 'running' ? 'restarting' : 'stopped', detail };
      });
    },

    async replace(pool, { unused }) {
      const name = appOf(pool);
      const next = planOf(stack, state).services.find((service) => service.name === name);
      if (next !== undefined && supervisor() !== undefined)
        await handOver(state.report.read()?.socket, secretsOf([next]));
      // One change, so that the supervisor completes it even if this command is killed.
      await change(name, (planned) => ({
        ...(next === undefined ? planned : withoutSecrets(next)),
        replacement: { id: randomUUID(), stopSignal: unused ? 'SIGKILL' : planned.stopSignal },
      }));
    },

    async replaceKit(services) {
      const running = supervisor();
      const plan = state.plan.read();
      if (running === undefined || plan === undefined)
        throw new CommandError('the stack is not running', { next: './bluegreen up' });
      const replaced = plan.services.map((planned): PlannedService => {
        const { name, env, handOver, stopSignal } = planned;
        if (!services.includes(name)) return planned;
        if (handOver === undefined) return { ...planned, replacement: { id: randomUUID(), stopSignal } };
        const RUN_DIR = join(state.run, randomUUID());
        return { ...planned, env: { ...env, RUN_DIR }, handOver: { ...handOver, version: randomUUID() } };
      });
      await updateEdge(running, { revision: randomUUID(), services: replaced });
    },

    async fetchImage() {
      throw new CommandError('the host engine runs no images');
    },

    async dropImage() {},

    stateParts: async () => partsOf(state),

    saveState: (file) => saveParts(state, file),

    restoreState: (file) => restoreParts(state, file),

    async lastLines(of, count) {
      const { stdout } = await execa('tail', ['-n', String(count), state.logOf(of)], { reject: false });
      return stdout;
    },

    edge: (...args) => runEdge(args),

    async logs(of, { follow, lines }) {
      const names = of === undefined ? servicesOf('host', stack.settings) : [of];
      const files = names.map((name) => (name === 'access' ? state.accessLog : state.logOf(name)));
      if (!state.exists()) throw new CommandError('there are no logs yet', { next: './bluegreen up' });
      await execa('tail', ['-n', String(lines), ...(follow ? ['-F'] : []), ...files], {
        stdio: 'inherit',
        reject: false,
      });
    },

    async inject(name, fault) {
      if (fault === 'shutdown') return setWanted(name, 'stopped');
      if (fault === 'kill') return setWanted(name, 'killed');
      const running = runningProcess(name);
      if (running === undefined) throw new CommandError(`${name} is not running`, { next: './bluegreen status' });
      signalGroup(running.pid, 'SIGSTOP');
    },

    async repair(name) {
      const running = runningProcess(name);
      if (running) signalGroup(running.pid, 'SIGCONT');
      else await setWanted(name, 'running');
    },
  };
}

function isAlive(candidate: RunningProcess): boolean {
  return processInfo(candidate.pid)?.startedAt === candidate.startedAt;
}
