import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { signalGroup } from '../system/process-info.ts';
import { eventually } from './condition.ts';
import { freePorts } from './free-port.ts';
import { type StandInPool, startStandInPool } from './stand-in-pool.ts';

const root = join(import.meta.dirname, '..');

/** A real nginx, started by the real entrypoint, in front of two stand-in pools. */
export interface Edge {
  readonly url: string;
  readonly blue: StandInPool;
  readonly green: StandInPool;
  readonly process: ChildProcess;
  readonly controlDir: string;
  readonly accessLog: string;
  readonly configuration: string;
  /** The output of the entrypoint and nginx so far. */
  output(): string;
  /** The lines of the access log, once there are at least `count`. */
  logLines(count: number): Promise<string[]>;
  /** Runs a verb of the entrypoint. */
  verb(...args: string[]): Promise<{ exitCode: number | undefined; stdout: string; stderr: string }>;
  close(): Promise<void>;
}

/** Starts an edge. Its directory has a space in its name and is not accessible to others, as a user's may be. */
export async function startEdge(
  env: Record<string, string> = {},
  options: { untilServing?: boolean } = {},
): Promise<Edge> {
  const directory = mkdtempSync(join(tmpdir(), 'bluegreen edge '));
  const [port = 0, statusPort = 0] = await freePorts(2);
  const [blue, green] = await Promise.all([startStandInPool('blue'), startStandInPool('green')]);
  const path = (name: string) => join(directory, name);
  for (const name of ['control', 'run', 'log']) mkdirSync(path(name));
  const environment = {
    PATH: `${process.env.PATH}:/usr/sbin`,
    BIND_ADDRESS: '127.0.0.1',
    NGINX_PORT: String(port),
    STATUS_PORT: String(statusPort),
    BLUE_ADDRESS: blue.address,
    GREEN_ADDRESS: green.address,
    CONTROL_DIR: path('control'),
    RUN_DIR: path('run'),
    ACCESS_LOG: path('log/access.log'),
    NGINX_CONF: path('run/nginx.conf.processed'),
    PUBLIC_DIR: join(root, 'public'),
    NGINX_TEMPLATE: join(root, 'nginx.conf.template'),
    ...env,
  };
  const child = spawn('/bin/sh', [join(root, 'entrypoint.sh')], { env: environment, detached: true });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  const edge: Edge = {
    url: `http://127.0.0.1:${port}`,
    blue,
    green,
    process: child,
    controlDir: path('control'),
    accessLog: environment.ACCESS_LOG,
    configuration: environment.NGINX_CONF,
    output: () => output,
    logLines: (count) =>
      eventually(`${count} lines in the access log`, () => {
        const lines = existsSync(environment.ACCESS_LOG)
          ? readFileSync(environment.ACCESS_LOG, 'utf8').split('\n')
          : [];
        return lines.length > count ? lines.slice(0, -1) : undefined;
      }),
    async verb(...args) {
      const { exitCode, stdout, stderr } = await execa('/bin/sh', [join(root, 'entrypoint.sh'), ...args], {
        env: environment,
        extendEnv: false,
        reject: false,
      });
      return { exitCode, stdout, stderr };
    },
    async close() {
      if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
        const exit = once(child, 'exit');
        signalGroup(child.pid, 'SIGKILL');
        await exit;
      }
      await Promise.all([blue.close(), green.close()]);
      rmSync(directory, { recursive: true, force: true });
    },
  };
  if (options.untilServing === false) return edge;
  try {
    await eventually('the edge to serve', async () => (await edge.verb('status')).exitCode === 0);
  } catch (error) {
    await edge.close();
    throw new Error(`the edge does not serve:\n${output}`, { cause: error });
  }
  return edge;
}
