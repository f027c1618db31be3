import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AcmeCa, acmeCa } from '../acme-ca.ts';
import { eventually } from '../condition.ts';
import { createStack, expectDone, type TestStack } from '../stack.ts';

const domains = ['shop.example', 'www.shop.example'];
/** So short that it is renewed again and again. */
const lifetimeSec = 24;
const renewedWithinMs = 60_000;

let stack: TestStack;
let ca: AcmeCa;
let httpsPort: number;

beforeAll(async () => {
  stack = await createStack('compose', { DOMAINS: domains.join(','), ACME_EMAIL: 'ops@shop.example' });
  httpsPort = Number(new URL(stack.url).port);
  const subnet = /^SUBNET_PREFIX=(.*)$/m.exec(readFileSync(stack.envFile, 'utf8'))?.[1];
  // The gateway of the network that the certificates program is on leads to this machine.
  ca = await acmeCa({ lifetimeSec, host: `${subnet}.193`, httpPort: stack.ports.nginx });
  await ca.start();
  stack.configure({ ACME_DIRECTORY: ca.directoryUrl, ACME_CA_FILE: ca.rootFile });
});

afterAll(async () => {
  await stack.remove();
  await ca.close();
});

interface Shown {
  readonly serial: string;
  /** Whether a visitor who trusts the CA trusts it. */
  readonly trusted: boolean;
}

/** The certificate that a visitor gets now. */
async function shown(domain: string): Promise<Shown> {
  const options = { host: '127.0.0.1', port: httpsPort, servername: domain, rejectUnauthorized: false };
  const socket: TLSSocket = connect({ ...options, ca: await ca.root(), ALPNProtocols: ['h2'] });
  await once(socket, 'secureConnect');
  const { serialNumber: serial } = socket.getPeerCertificate();
  const trusted = socket.authorized && socket.alpnProtocol === 'h2';
  socket.destroy();
  return { serial, trusted };
}

const renewed = async (domain: string) => {
  const before = await shown(domain);
  await eventually(
    'another certificate',
    async () => {
      const now = await shown(domain);
      return now.trusted && now.serial !== before.serial;
    },
    renewedWithinMs,
  );
};

describe('HTTPS on Docker Compose', () => {
  it('serves at once with a self-signed certificate and says so, and soon with those of the CA', async () => {
    const { stdout } = expectDone(await stack.bluegreen('up'));
    expect(stdout).toContain(stack.url);
    expect(stdout).toMatch(/^certificates +(self-signed so far, .*shop\.example|every domain has a certificate)/m);
    expect(await stack.ask()).toMatchObject({ status: 200, pool: 'blue', release: 'blue-release-1.0.0' });
    for (const domain of domains)
      await eventually(`the certificate of ${domain}`, async () => (await shown(domain)).trusted, renewedWithinMs);
    await eventually('status to know them', async () => {
      const { stdout } = await stack.bluegreen('status');
      return domains.every((domain) => new RegExp(`^${domain} +until .*Pebble`, 'm').test(stdout));
    });
  });

  it('renews certificates in maintenance', async () => {
    expectDone(await stack.bluegreen('maintenance', 'on'));
    await renewed('shop.example');
    expect((await stack.ask()).status).toBe(503);
    expectDone(await stack.bluegreen('maintenance', 'off'));
  });

  it('renews certificates while both pools are dead and nginx_proxy is replaced', async () => {
    for (const pool of ['blue', 'green']) expectDone(await stack.bluegreen('chaos', pool, 'kill'));
    await renewed('www.shop.example');
    for (const pool of ['blue', 'green']) expectDone(await stack.bluegreen('chaos', pool, 'stop'));
    await eventually('the site to serve', async () => (await stack.ask()).status === 200);
    const { directoryUrl: ACME_DIRECTORY, rootFile: ACME_CA_FILE } = ca;
    stack.configure({ ACME_DIRECTORY, ACME_CA_FILE, EDGE_MEMORY: '500m' });
    const [up] = await Promise.all([stack.bluegreen('up'), renewed('shop.example')]);
    expectDone(up);
  });
});
