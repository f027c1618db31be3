// Runs the services of the host engine and restarts them when they exit, as Compose would. Its only argument is the state
// directory. It follows plan.json there, reads it again on SIGHUP, and reports to report.json. Secrets come from standard input and,
// later, over a socket.
import { copyFileSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import { dirname } from 'node:path';
import { processInfo } from '../../../system/process-info.ts';
import { CommandError } from '../../terminal/command-error.ts';
import { messageOf } from '../../terminal/terminal.ts';
import type { ServiceName } from '../engine.ts';
import { listenForSecrets, type Secrets, withSecrets } from './secrets.ts';
import { type Plan, stateDirectory } from './state-directory.ts';
import { type SupervisedService, supervise } from './supervised-service.ts';

const logLimitBytes = 10 * 1024 * 1024;
const logCheckMs = 30_000;
/** A full disk may have room again later. The services keep running meanwhile. */
const retryMs = 1_000;

const state = stateDirectory(process.argv[2] ?? '');
const services = new Map<ServiceName, SupervisedService>();
let secrets = JSON.parse(readFileSync(0, 'utf8') || '{}') as Secrets;
let revision = '';
let isPlanned = (_name: ServiceName) => true;
const socket = listenForSecrets((more) => {
  secrets = { ...secrets, ...more };
});
let stopping = false;
let retry: NodeJS.Timeout | undefined;

function writeReport(): void {
  if (stopping) return;
  const { pid } = process;
  const startedAt = processInfo(pid)?.startedAt ?? '';
  const reports = [...services.values()].map((service) => service.report());
  clearTimeout(retry);
  try {
    state.report.write({ supervisor: { pid, startedAt }, socket, revision, services: reports });
  } catch (error) {
    logError(`cannot write ${state.report.path}`, error);
    retry = setTimeout(writeReport, retryMs);
  }
}

function logError(what: string, error: unknown): void {
  process.stderr.write(`${new Date().toISOString()} ${what}: ${messageOf(error)}\n`);
}

function readPlan(): Plan {
  const plan = state.plan.read();
  if (plan === undefined) throw new CommandError(`no plan in ${state.plan.path}`);
  return withSecrets(plan, secrets);
}

function follow(plan: Plan): void {
  revision = plan.revision;
  isPlanned = (name) => plan.services.some((planned) => planned.name === name);
  for (const planned of plan.services) {
    const service = services.get(planned.name);
    if (service) service.apply(planned);
    else services.set(planned.name, supervise(planned, state.logOf(planned.name), { changed: writeReport, logError }));
  }
  for (const [name, service] of services) {
    if (isPlanned(name)) continue;
    // A later plan may have it again.
    void service.stop().then(() => {
      if (!isPlanned(name)) services.delete(name);
      writeReport();
    });
  }
  writeReport();
}

async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  // The edge first, as its last requests need the pools. The watcher last, as it alerts on what happened.
  const companions = ['app_blue', 'app_green', 'health_prober', 'certificates'] as const;
  for (const group of [['nginx_proxy'], companions, ['alert_watcher']] as const) {
    await Promise.all(group.map((name) => services.get(name)?.stop()));
  }
  rmSync(dirname(socket), { recursive: true, force: true });
  rmSync(state.report.path, { force: true });
  process.exit(0);
}

/** Services append to their logs, so a log can be truncated while they write. */
function limitLogs(): void {
  for (const name of services.keys()) {
    const path = state.logOf(name);
    try {
      const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
      if (size <= logLimitBytes) continue;
      copyFileSync(path, `${path}.1`);
      truncateSync(path);
    } catch (error) {
      logError(`cannot rotate ${path}`, error);
    }
  }
}

// The supervisor's own log is on the same disk.
process.stderr.on('error', () => {});
process.on('SIGHUP', () => follow(readPlan()));
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
setInterval(limitLogs, logCheckMs).unref();
// Keeps the supervisor alive while every service is stopped.
setInterval(() => {}, 2 ** 30);
follow(readPlan());
