import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { portOwner } from '../../cli/stack/port-owner.ts';
import { putCertificate } from '../../test/certificate.ts';
import { runInImage } from '../../test/edge-run.ts';
import { freePorts } from '../../test/free-port.ts';
import { answers } from './answers.ts';
import { type Contender, domain, type OwnOptions, templateOf, urlOf } from './contenders.ts';

const root = join(import.meta.dirname, '../..');

/** The edge's image, built from this checkout. */
export async function buildEdgeImage(): Promise<string> {
  const image = 'bluegreen-edge:bench';
  const bases = ['NODE_IMAGE', 'NGINX_IMAGE'].filter((name) => process.env[name] !== undefined);
  const args = bases.flatMap((name) => ['--build-arg', name]);
  await execa('docker', ['build', '--quiet', '--target', 'edge', '--tag', image, ...args, root]);
  return image;
}

/** Our edge in its image, on the network of this host and without prober and watcher. It serves HTTPS. */
export function ownInImage(image: string, options: Pick<OwnOptions, 'edit'> & { readonly name: string }): Contender {
  const { name } = options;
  return {
    name,
    program: 'nginx',
    async start({ directory, pools }) {
      const place = mkdtempSync(join(directory, 'own-'));
      const [port = 0, httpPort, statusPort] = await freePorts(3);
      const file = 'nginx.conf.template';
      const run = runInImage(image, place, {
        BIND_ADDRESS: '127.0.0.1',
        NGINX_PORT: String(httpPort),
        STATUS_PORT: String(statusPort),
        HTTPS_LISTEN_PORT: String(port),
        BLUE_ADDRESS: `127.0.0.1:${pools.blue}`,
        GREEN_ADDRESS: `127.0.0.1:${pools.green}`,
        DOMAINS: domain,
        NGINX_TEMPLATE: `/etc/nginx/${file}`,
      });
      // The entrypoint reads them a moment later.
      writeFileSync(join(place, 'etc', file), templateOf(options));
      putCertificate(run.tlsDir, domain);
      const url = urlOf(port, true);
      await answers(name, `${url}/healthz`, []);
      const pid = Number(/pid (\d+)/.exec(portOwner(port) ?? '')?.[1]);
      const assertRunning = () => {
        if (run.process.exitCode !== null) throw new Error(`${name} ended with ${run.process.exitCode}`);
      };
      assertRunning();
      if (Number.isNaN(pid)) throw new Error(`${name}: nobody listens on port ${port}`);
      return {
        url,
        edge: { pid, assertRunning, stop: () => run.kill() },
        companions: {},
        accessLog: run.accessLog,
        stop: () => run.kill(),
      };
    },
  };
}
