import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { execa } from 'execa';
import { programPath } from '../../cli/engine/host/plan.ts';
import { portOwner } from '../../cli/stack/port-owner.ts';
import { putCertificate } from '../../test/certificate.ts';
import { eventually } from '../../test/condition.ts';
import { runInImage, runOnHost } from '../../test/edge-run.ts';
import { freePorts } from '../../test/free-port.ts';
import { replaced } from './contenders.ts';
import { startProgram } from './program.ts';

const domain = 'shop.example';
const root = join(import.meta.dirname, '../..');

/** An edge that serves HTTPS, with one worker or thread. */
export interface TlsContender {
  readonly name: string;
  start(directory: string): Promise<RunningTls>;
}

export interface RunningTls {
  readonly port: number;
  /** The process that has the port; its descendants are the edge too. */
  readonly pid: number;
  stop(): Promise<void>;
}

export interface OwnTlsOptions {
  /** The image it runs in; undefined: with the nginx of this machine. */
  readonly image?: string;
  /** Instead of one that is read by its name, and kept in memory where nginx can do that. */
  readonly certificate?: 'fixed' | 'uncached';
}

/** Our edge: the real template and entrypoint. There are no pools behind it, as no request is sent. */
export function ownTls(name: string, { image, certificate }: OwnTlsOptions = {}): TlsContender {
  return {
    name,
    async start(directory) {
      const place = mkdtempSync(join(directory, 'tls-'));
      const [port = 0, httpPort, statusPort] = await freePorts(3);
      const env = {
        BIND_ADDRESS: '127.0.0.1',
        NGINX_PORT: String(httpPort),
        STATUS_PORT: String(statusPort),
        HTTPS_LISTEN_PORT: String(port),
        BLUE_ADDRESS: '127.0.0.1:1',
        GREEN_ADDRESS: '127.0.0.1:2',
        // Nobody waits for the pools.
        HEALTH_CHECK: 'tcp',
        DOMAINS: domain,
      };
      const whole = readFileSync(join(root, 'nginx.conf.template'), 'utf8');
      const one = replaced(whole, 'worker_processes auto;', 'worker_processes 1;');
      const template = edited(one, certificate);
      const file = 'nginx.conf.template';
      const run =
        image === undefined
          ? runOnHost(place, { ...env, NGINX_TEMPLATE: join(place, file) })
          : runInImage(image, place, { ...env, NGINX_TEMPLATE: `/etc/nginx/${file}` });
      // The entrypoint reads it a moment later.
      writeFileSync(image === undefined ? join(place, file) : join(place, 'etc', file), template);
      putCertificate(run.tlsDir, domain);
      return { port, pid: await whenServing(name, port), stop: () => run.kill() };
    },
  };
}

function edited(template: string, certificate: OwnTlsOptions['certificate']): string {
  switch (certificate) {
    case 'fixed':
      return replaced(template, '/live/$certificate.pem', `/live/${domain}.pem`);
    case 'uncached':
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of the template
      return replaced(template, '${CERTIFICATE_CACHE_DIRECTIVE}', '');
    case undefined:
      return template;
    default:
      return certificate satisfies never;
  }
}

/** The edge's image, built from this checkout. */
export async function buildEdgeImage(): Promise<string> {
  const image = 'bluegreen-edge:bench';
  const bases = ['NODE_IMAGE', 'NGINX_IMAGE'].filter((name) => process.env[name] !== undefined);
  const args = bases.flatMap((name) => ['--build-arg', name]);
  await execa('docker', ['build', '--quiet', '--target', 'edge', '--tag', image, ...args, root]);
  return image;
}

export const haproxyTls = peer('HAProxy', ({ run, port }) => {
  const configuration = join(run, 'haproxy.cfg');
  writeFileSync(
    configuration,
    `global
    nbthread 1
defaults
    mode http
    timeout client 65s
    timeout connect 300ms
    timeout server 3s
frontend edge
    bind 127.0.0.1:${port} ssl crt ${run}/live/${domain}.pem alpn h2,http/1.1 ssl-min-ver TLSv1.2
    http-request return status 200
`,
  );
  return ['haproxy', '-db', '-f', configuration];
});

export const caddyTls = peer('Caddy', ({ run, port }) => {
  const configuration = join(run, 'Caddyfile');
  const pem = join(run, 'live', `${domain}.pem`);
  writeFileSync(
    configuration,
    `{
	admin off
	auto_https off
	default_sni ${domain}
	log {
		output stderr
		level ERROR
	}
}
https://${domain}:${port} {
	bind 127.0.0.1
	tls ${pem} ${pem}
	respond 200
}
`,
  );
  return ['caddy', 'run', '--config', configuration, '--adapter', 'caddyfile'];
});

function peer(
  name: string,
  commandOf: (place: { readonly run: string; readonly port: number }) => readonly [string, ...string[]],
): TlsContender {
  return {
    name,
    async start(directory) {
      const run = mkdtempSync(join(directory, 'tls-'));
      const [port = 0] = await freePorts(1);
      putCertificate(run, domain);
      const env = { PATH: programPath(), HOME: run, GOMAXPROCS: '1' };
      const program = startProgram(name, commandOf({ run, port }), { env });
      return { port, pid: await whenServing(name, port), stop: () => program.stop() };
    },
  };
}

/** Waits for a first handshake, and returns the process that has the port. */
async function whenServing(name: string, port: number): Promise<number> {
  await eventually(`${name} to serve HTTPS`, () => {
    const socket = connect({ host: '127.0.0.1', port, servername: domain, rejectUnauthorized: false });
    return new Promise<boolean>((resolve) => {
      socket.once('secureConnect', () => resolve(true)).once('error', () => resolve(false));
    }).finally(() => socket.destroy());
  });
  const pid = Number(/pid (\d+)/.exec(portOwner(port) ?? '')?.[1]);
  if (Number.isNaN(pid)) throw new Error(`${name}: nobody listens on port ${port}`);
  return pid;
}
