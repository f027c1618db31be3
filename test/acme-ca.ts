import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { makePlaceholder } from '../certificates/placeholder.ts';
import { programPath } from '../cli/engine/host/plan.ts';
import { eventually } from './condition.ts';
import { freePorts } from './free-port.ts';

/** A CA on this machine (Pebble) and the DNS that it sees. One nonce in twenty is refused, as clients must bear. */
export interface AcmeCa {
  /** The URL of the ACME directory. */
  readonly directoryUrl: string;
  /** Trusts `directoryUrl`. */
  readonly rootFile: string;
  /** Where it asks for HTTP-01 challenges. */
  readonly httpPort: number;
  /** The address of its DNS server. */
  readonly dns: string;
  /** Where records of its DNS server are set. */
  readonly recordsUrl: string;
  /** Sets records. */
  records(path: string, body: object): Promise<void>;
  start(): Promise<void>;
  /** The certificate that its own are to be verified with, in PEM. */
  root(): Promise<string>;
  /** Forgets everything: accounts, orders and its own key. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

export interface CaOptions {
  readonly lifetimeSec: number;
  /** What it never issues for. */
  readonly blocked?: readonly string[];
  /** The address of this machine under which a container reaches it. */
  readonly host?: string;
  /** Where it asks for HTTP-01 challenges. */
  readonly httpPort?: number;
}

/** Not started yet. Every domain has the address 127.0.0.1 and no other. */
export async function acmeCa({ lifetimeSec, blocked = [], host, httpPort: wantedPort }: CaOptions): Promise<AcmeCa> {
  const directory = mkdtempSync(join(tmpdir(), 'bluegreen-ca-'));
  const [port = 0, managementPort = 0, freePort = 0, tlsPort = 0, dnsPort = 0, recordsPort = 0] = await freePorts(6);
  const httpPort = wantedPort ?? freePort;
  const dns = `127.0.0.1:${dnsPort}`;
  const path = (name: string) => join(directory, name);
  mkdirSync(directory, { recursive: true });
  const own = await makePlaceholder(host ?? 'localhost', Date.now());
  writeFileSync(path('own.pem'), own.pem);
  const config = {
    listenAddress: `${host === undefined ? '127.0.0.1' : '0.0.0.0'}:${port}`,
    managementListenAddress: `127.0.0.1:${managementPort}`,
    certificate: path('own.pem'),
    privateKey: path('own.pem'),
    httpPort,
    tlsPort,
    retryAfter: { authz: 1, order: 1 },
    domainBlocklist: blocked,
    // Until 2.4, and from 2.7 on.
    certificateValidityPeriod: lifetimeSec,
    profiles: { default: { description: 'for tests', validityPeriod: lifetimeSec } },
  };
  writeFileSync(path('pebble.json'), JSON.stringify({ pebble: config }));
  const env = { PATH: programPath(), PEBBLE_VA_NOSLEEP: '1', PEBBLE_WFE_NONCEREJECT: '5', PEBBLE_AUTHZREUSE: '100' };
  const run = (command: string, args: readonly string[]) => spawn(command, args, { env, stdio: 'ignore' });
  const names = run('pebble-challtestsrv', dnsArguments(dns, `127.0.0.1:${recordsPort}`));
  let ca: ChildProcess | undefined;
  const directoryUrl = `https://${host ?? 'localhost'}:${port}/dir`;
  const recordsUrl = `http://127.0.0.1:${recordsPort}`;

  async function stop(): Promise<void> {
    if (ca === undefined || ca.exitCode !== null) return;
    const ended = once(ca, 'exit');
    ca.kill('SIGKILL');
    await ended;
    ca = undefined;
  }

  return {
    directoryUrl,
    rootFile: path('own.pem'),
    httpPort,
    dns,
    recordsUrl,
    stop,
    async records(path, body) {
      const options = { method: 'POST', body: JSON.stringify(body) };
      await eventually('the DNS server', async () => (await fetch(`${recordsUrl}/${path}`, options)).ok);
    },
    async start() {
      ca = run('pebble', ['-config', path('pebble.json'), '-dnsserver', dns]);
      await eventually('the CA', () => answers(`https://127.0.0.1:${port}/dir`));
    },
    root: () => textOf(`https://127.0.0.1:${managementPort}/roots/0`),
    async close() {
      await stop();
      names.kill('SIGKILL');
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Only its DNS server. Its options changed after 2.4. */
function dnsArguments(dns: string, management: string): string[] {
  const { stdout, stderr } = spawnSync('pebble-challtestsrv', ['-h'], {
    env: { PATH: programPath() },
    encoding: 'utf8',
  });
  const isOld = /-dns01/.test(stdout + stderr);
  const off = ['-http01', '-https01', '-tlsalpn01', '-defaultIPv6', ...(isOld ? [] : ['-doh'])];
  return [...off.flatMap((name) => [name, '']), isOld ? '-dns01' : '-dnsserver', dns, '-management', management];
}

async function answers(url: string): Promise<boolean> {
  return (await textOf(url)) !== '';
}

/** Under a certificate that need not be trusted. */
async function textOf(url: string): Promise<string> {
  const asked = httpsRequest(url, { rejectUnauthorized: false, agent: false }).end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  return text(response);
}
