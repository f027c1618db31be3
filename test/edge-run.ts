import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { signalGroup } from '../system/process-info.ts';

const root = join(import.meta.dirname, '..');

type Environment = Readonly<Record<string, string>>;

/** A running entrypoint: a process with the nginx of this host, or a container with that of the edge's image. */
export interface EdgeRun {
  readonly process: ChildProcess;
  /** Where it reads and writes, as paths of this host. */
  readonly controlDir: string;
  readonly accessLog: string;
  readonly configuration: string;
  readonly tlsDir: string;
  readonly acmeDir: string;
  verb(...args: string[]): Promise<{ exitCode: number | undefined; stdout: string; stderr: string }>;
  kill(): Promise<void>;
}

async function outcome(command: string, args: readonly string[], env?: Environment) {
  const { exitCode, stdout, stderr } = await execa(command, args, {
    ...(env ? { env, extendEnv: false } : {}),
    reject: false,
    stdin: 'ignore',
  });
  return { exitCode, stdout, stderr };
}

const isRunning = ({ exitCode, signalCode }: ChildProcess) => exitCode === null && signalCode === null;

export function runOnHost(directory: string, env: Environment): EdgeRun {
  const path = (name: string) => join(directory, name);
  for (const name of ['control', 'run', 'log', 'certificates', 'acme']) mkdirSync(path(name));
  const environment = {
    PATH: `${process.env.PATH}:/usr/sbin`,
    CONTROL_DIR: path('control'),
    RUN_DIR: path('run'),
    TLS_DIR: path('certificates'),
    ACME_DIR: path('acme'),
    ACCESS_LOG: path('log/access.log'),
    NGINX_CONF: path('run/nginx.conf.processed'),
    PUBLIC_DIR: join(root, 'public'),
    NGINX_TEMPLATE: join(root, 'nginx.conf.template'),
    ...env,
  };
  const entrypoint = join(root, 'entrypoint.sh');
  const child = spawn('/bin/sh', [entrypoint], { env: environment, detached: true });
  return {
    process: child,
    controlDir: path('control'),
    accessLog: environment.ACCESS_LOG,
    configuration: environment.NGINX_CONF,
    tlsDir: environment.TLS_DIR,
    acmeDir: environment.ACME_DIR,
    verb: (...args) => outcome('/bin/sh', [entrypoint, ...args], environment),
    async kill() {
      if (!isRunning(child) || child.pid === undefined) return;
      const exit = once(child, 'exit');
      signalGroup(child.pid, 'SIGKILL');
      await exit;
    },
  };
}

/** With the privileges that docker-compose.yml gives it, but on the network of this host, where the stand-in pools are. */
export function runInImage(image: string, directory: string, env: Environment): EdgeRun {
  // Everything that the edge shares with others is seen from here too. Its account is none of this host's.
  const shared = {
    '/var/lib/bluegreen/control': join(directory, 'control'),
    '/var/log/nginx': join(directory, 'log'),
    '/etc/nginx': join(directory, 'etc'),
    '/var/lib/bluegreen/certificates': join(directory, 'certificates'),
    '/var/lib/bluegreen/acme': join(directory, 'acme'),
  };
  for (const path of Object.values(shared)) {
    mkdirSync(path);
    chmodSync(path, 0o777);
  }
  const name = `bluegreen-edge-${randomUUID()}`;
  const args = ['run', '--rm', '--name', name, '--network', 'host', '--read-only', '--cap-drop', 'ALL'];
  args.push('--security-opt', 'no-new-privileges:true', '--pids-limit', '256', '--memory', '512m');
  args.push('--tmpfs', '/tmp', '--tmpfs', '/var/cache/nginx:uid=101,gid=101,mode=0755');
  for (const [target, source] of Object.entries(shared))
    args.push('--mount', `type=bind,source=${source},target=${target}`);
  for (const [key, value] of Object.entries(env)) args.push('--env', `${key}=${value}`);
  const child = spawn('docker', [...args, image]);
  return {
    process: child,
    controlDir: shared['/var/lib/bluegreen/control'],
    accessLog: join(shared['/var/log/nginx'], 'access.log'),
    configuration: join(shared['/etc/nginx'], 'nginx.conf.processed'),
    tlsDir: shared['/var/lib/bluegreen/certificates'],
    acmeDir: shared['/var/lib/bluegreen/acme'],
    verb: (...verb) => outcome('docker', ['exec', name, 'entrypoint.sh', ...verb]),
    async kill() {
      if (!isRunning(child)) return;
      const exit = once(child, 'exit');
      await outcome('docker', ['rm', '--force', name]);
      await exit;
    },
  };
}
