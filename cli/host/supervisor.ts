// Runs the services of the host engine and restarts them when they die, as Compose would. Its one argument is the state
// directory; it follows plan.json there, which is read again at SIGHUP, and tells what it does in report.json.
import { copyFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import { CommandError } from '../command-error.ts';
import type { ServiceName } from '../engine.ts';
import { processInfo } from './process-info.ts';
import { type Plan, stateDirectory } from './state-directory.ts';
import { type SupervisedService, supervise } from './supervised-service.ts';

const logLimitBytes = 10 * 1024 * 1024;
const logCheckMs = 30_000;

const state = stateDirectory(process.argv[2] ?? '');
const services = new Map<ServiceName, SupervisedService>();
let revision = '';
let stopping = false;

function writeReport(): void {
  if (stopping) return;
  const { pid } = process;
  const startedAt = processInfo(pid)?.startedAt ?? '';
  const reports = [...services.values()].map((service) => service.report());
  state.report.write({ supervisor: { pid, startedAt }, revision, services: reports });
}

function readPlan(): Plan {
  const plan = state.plan.read();
  if (plan === undefined) throw new CommandError(`no plan in ${state.plan.path}`);
  return plan;
}

function follow(plan: Plan): void {
  revision = plan.revision;
  for (const planned of plan.services) {
    const service = services.get(planned.name);
    if (service) service.apply(planned);
    else services.set(planned.name, supervise(planned, state.logOf(planned.name), writeReport));
  }
  writeReport();
}

async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  // The edge first: what it still answers needs the pools. The watcher last: it tells what happened.
  for (const group of [['nginx_proxy'], ['app_blue', 'app_green', 'health_prober'], ['alert_watcher']] as const) {
    await Promise.all(group.map((name) => services.get(name)?.stop()));
  }
  rmSync(state.report.path, { force: true });
  process.exit(0);
}

/** Services append to their logs, so that a log can be emptied under them. */
function limitLogs(): void {
  for (const name of services.keys()) {
    const path = state.logOf(name);
    const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    if (size <= logLimitBytes) continue;
    copyFileSync(path, `${path}.1`);
    truncateSync(path);
  }
}

process.on('SIGHUP', () => follow(readPlan()));
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
setInterval(limitLogs, logCheckMs).unref();
// Keeps the supervisor alive while every service is stopped.
setInterval(() => {}, 2 ** 30);
follow(readPlan());
