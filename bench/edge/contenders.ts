import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { planOf, programPath } from '../../cli/engine/host/plan.ts';
import { stateDirectory } from '../../cli/engine/host/state-directory.ts';
import { readStack } from '../../cli/stack/stack.ts';
import type { Pool } from '../../settings/pool.ts';
import { putCertificate } from '../../test/certificate.ts';
import { freeBlock, freePorts } from '../../test/free-port.ts';
import { answers } from './answers.ts';
import { type Program, type ProgramOptions, startProgram } from './program.ts';

/** Every edge that serves HTTPS has one certificate, for this domain. Clients ask by address and get it too. */
export const domain = 'shop.example';

/** Where an edge runs, and the pools behind it. */
export interface Place {
  readonly directory: string;
  readonly pools: Readonly<Record<Pool, number>>;
  /** The processor of the edge itself. Undefined for any. */
  readonly edgeCore?: number | undefined;
  /** The processor of everything else. Undefined for any. */
  readonly otherCore?: number | undefined;
  /** Whether it serves HTTPS. */
  readonly tls?: boolean;
}

/** An edge that is serving. */
export interface RunningEdge {
  readonly url: string;
  /** The program that proxies requests. */
  readonly edge: Program;
  /** The programs that run beside it, such as the prober. */
  readonly companions: Readonly<Record<string, Program>>;
  readonly accessLog: string;
  stop(): Promise<void>;
}

export interface Contender {
  readonly name: string;
  /** The name of its Debian package. */
  readonly program: 'nginx' | 'haproxy' | 'caddy';
  start(place: Place): Promise<RunningEdge>;
}

/** How an edge of ours differs from the default. */
export interface OwnOptions {
  readonly name?: string;
  /** Changes the template. */
  readonly edit?: (template: string) => string;
  readonly companions?: boolean;
  /** The value of nginx's worker_processes, 1 by default. */
  readonly workers?: string;
  readonly settings?: Readonly<Record<string, string>>;
}

/** Our edge: the real template and entrypoint, with prober and watcher, as the host engine starts them. */
export function own(options: OwnOptions = {}): Contender {
  const { name = 'bluegreen', companions = true, settings = {} } = options;
  return {
    name,
    program: 'nginx',
    async start({ directory, pools, edgeCore, otherCore, tls = false }) {
      const run = mkdtempSync(join(directory, 'own-'));
      const [port = 0, watcher = 0, , prober = 0] = await freeBlock(4);
      const [httpsPort = 0] = await freePorts(1);
      const ports = {
        NGINX_PORT: port,
        BLUE_PORT: pools.blue,
        GREEN_PORT: pools.green,
        WATCHER_PORT: watcher,
      };
      const https = tls ? { DOMAINS: domain, HTTPS_PORT: httpsPort } : {};
      const lines = Object.entries({ ...ports, ...https, ...settings }).map(
        ([variable, value]) => `${variable}=${value}\n`,
      );
      writeFileSync(join(run, '.env'), lines.join(''));
      const stack = readStack(join(run, '.env'));
      const state = stateDirectory(join(run, 'state'));
      state.create();
      if (tls) putCertificate(state.tls, domain);
      const template = join(run, 'nginx.conf.template');
      writeFileSync(template, templateOf(options));

      const { services } = planOf(stack, state);
      const start = (wanted: string, core: number | undefined, changed: Readonly<Record<string, string>> = {}) => {
        const service = services.find((planned) => planned.name === wanted);
        if (service === undefined) throw new Error(`the plan has no ${wanted}`);
        return startProgram(wanted, service.command, { env: { ...service.env, ...changed }, core });
      };
      const cache = { NODE_COMPILE_CACHE: join(directory, 'compiled') };
      const beside: Record<string, Program> = companions
        ? {
            health_prober: start('health_prober', otherCore, cache),
            alert_watcher: start('alert_watcher', otherCore, cache),
          }
        : {};
      const edge = start('nginx_proxy', edgeCore, { NGINX_TEMPLATE: template });
      const url = urlOf(tls ? httpsPort : port, tls);
      await answers(name, `${url}/healthz`, [edge, ...Object.values(beside)]);
      if (companions) {
        await answers('health_prober', `http://127.0.0.1:${prober}/healthz`, Object.values(beside));
        await answers('alert_watcher', `http://127.0.0.1:${watcher}/healthz`, Object.values(beside));
      }
      return {
        url,
        edge,
        companions: beside,
        accessLog: state.accessLog,
        async stop() {
          await Promise.all([edge.stop(), ...Object.values(beside).map((program) => program.stop())]);
        },
      };
    },
  };
}

/** The template of our edge as these options change it. */
export function templateOf({ edit, workers = '1' }: OwnOptions): string {
  const whole = readFileSync(join(import.meta.dirname, '../../nginx.conf.template'), 'utf8');
  return replaced(edit?.(whole) ?? whole, 'worker_processes auto;', `worker_processes ${workers};`);
}

export const plain: Contender = {
  name: 'plain nginx',
  program: 'nginx',
  start(place) {
    return startPeer(place, 'plain nginx', ({ run, port, pools, certificate }) => {
      const configuration = join(run, 'nginx.conf');
      // A master that runs as root would start its worker as an account without access to the directory.
      const user = process.getuid?.() === 0 ? 'user root;' : '';
      const files = `ssl_certificate "${certificate}"; ssl_certificate_key "${certificate}";`;
      const text = readFileSync(join(import.meta.dirname, 'plain.conf'), 'utf8')
        .replaceAll('RUN_DIR', run)
        .replace('USER_DIRECTIVE', user)
        .replace('BLUE_ADDRESS', `127.0.0.1:${pools.blue}`)
        .replace('GREEN_ADDRESS', `127.0.0.1:${pools.green}`)
        .replace('PORT', `${port}${certificate === undefined ? '' : ' ssl'}`)
        .replace('CERTIFICATE_DIRECTIVES', certificate === undefined ? '' : files);
      writeFileSync(configuration, text);
      return { command: ['nginx', '-e', 'stderr', '-c', configuration, '-g', 'daemon off;'] };
    });
  },
};

/**
 * @param log whether it writes an access log, as in production
 * @param fall the number of failed checks after which a pool is down; our edge has 2
 */
export function haproxy(log: boolean, fall = 2): Contender {
  const name = `HAProxy${log ? ', with a log' : ''}${fall === 2 ? '' : `, fall ${fall}`}`;
  return {
    name,
    program: 'haproxy',
    start(place) {
      return startPeer(place, name, ({ accessLog }) => ({
        command: ['haproxy', '-db', '-f', join(import.meta.dirname, 'haproxy.cfg')],
        env: { FALL: String(fall), ...(log ? { ACCESS_LOG: 'yes' } : {}) },
        ...(log ? { stdoutPath: accessLog } : {}),
      }));
    },
  };
}

export function caddy(log: boolean): Contender {
  const name = log ? 'Caddy, with a log' : 'Caddy';
  return {
    name,
    program: 'caddy',
    start(place) {
      return startPeer(place, name, ({ run, accessLog, certificate }) => ({
        command: ['caddy', 'run', '--config', join(import.meta.dirname, 'Caddyfile'), '--adapter', 'caddyfile'],
        env: {
          HOME: run,
          GOMAXPROCS: '1',
          LOGGING: log ? 'with-log' : 'without-log',
          TLS: certificate === undefined ? 'without-tls' : 'with-tls',
          ...(log ? { ACCESS_LOG: accessLog } : {}),
        },
      }));
    },
  };
}

interface Peer extends Partial<ProgramOptions> {
  readonly command: readonly [string, ...string[]];
}

interface PeerPlace extends Place {
  readonly run: string;
  readonly port: number;
  readonly accessLog: string;
  /** A file with the key and the certificate. Undefined for HTTP. */
  readonly certificate: string | undefined;
}

async function startPeer(place: Place, name: string, peerOf: (place: PeerPlace) => Peer): Promise<RunningEdge> {
  const run = mkdtempSync(join(place.directory, 'peer-'));
  const [port = 0] = await freePorts(1);
  const accessLog = join(run, 'access.log');
  const { tls = false } = place;
  const certificate = tls ? join(run, 'live', `${domain}.pem`) : undefined;
  if (tls) putCertificate(run, domain);
  const { command, env, stdoutPath } = peerOf({ ...place, run, port, accessLog, certificate });
  const edge = startProgram(name, command, {
    env: {
      PATH: programPath(),
      PORT: String(port),
      BLUE_ADDRESS: `127.0.0.1:${place.pools.blue}`,
      GREEN_ADDRESS: `127.0.0.1:${place.pools.green}`,
      ...(certificate === undefined ? {} : { CERTIFICATE: certificate }),
      ...env,
    },
    core: place.edgeCore,
    stdoutPath,
  });
  const url = urlOf(port, tls);
  await answers(name, `${url}/healthz`, [edge]);
  return { url, edge, companions: {}, accessLog, stop: () => edge.stop() };
}

/** Of an edge on this machine. */
export function urlOf(port: number, tls: boolean): string {
  return `${tls ? 'https' : 'http'}://127.0.0.1:${port}`;
}

/** @throws if `from` is missing, so that a changed template is never measured unedited */
export function replaced(text: string, from: string, to: string): string {
  if (!text.includes(from)) throw new Error(`the template has no "${from}"`);
  return text.replaceAll(from, to);
}

/** A folder for everything a bench writes, on a disk as in production. It is removed when the bench exits. */
export function benchDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'bluegreen-bench-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  mkdirSync(join(directory, 'compiled'));
  return directory;
}
