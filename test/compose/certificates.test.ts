import { chmodSync, chownSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Pair, parsePair } from '../../certificates/pair.ts';
import { selfSigned } from '../../certificates/placeholder.ts';
import { parseCertificates } from '../../certificates/report.ts';
import { eventually } from '../condition.ts';
import { freePorts } from '../free-port.ts';
import { createStack, expectDone, type Outcome, type TestStack } from '../stack.ts';

const domain = 'shop.test';
/** Of the edge. */
const group = 101;
const liveFile = `/var/lib/bluegreen/certificates/live/${domain}.pem`;

let stack: TestStack;
let directory: string;
const file = (name: string) => join(directory, name);

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'bluegreen-own-'));
  chmodSync(directory, 0o755);
  const [httpsPort = 0] = await freePorts(1);
  stack = await createStack('compose', {
    DOMAINS: domain,
    HTTPS_PORT: String(httpsPort),
    TLS_CERTIFICATE_FILE: file('fullchain.pem'),
    TLS_KEY_FILE: file('privkey.pem'),
  });
});

afterAll(async () => {
  await stack.remove();
  rmSync(directory, { recursive: true, force: true });
});

const compose = (...args: string[]): Promise<Outcome> =>
  stack.run('docker', 'compose', '--env-file', stack.envFile, ...args);

const inside = async (service: string, ...command: string[]) =>
  expectDone(await compose('exec', '-T', service, ...command)).stdout;

/** As the watcher reads it. */
async function entry() {
  const text = await inside('alert_watcher', 'cat', '/var/lib/bluegreen/acme/certificates.json');
  return parseCertificates(text)?.certificates.find((certificate) => certificate.domain === domain);
}

/** What the edge can read. */
async function live(): Promise<Pair | undefined> {
  const text = await inside('nginx_proxy', 'cat', liveFile);
  const parsed = parsePair(text, text);
  return 'pair' in parsed ? parsed.pair : undefined;
}

const untilServed = ({ pem }: Pair) =>
  eventually('the certificate to be taken up', async () => (await live())?.pem === pem, 30_000);

function certificate(): Promise<Pair> {
  const nowMs = Date.now();
  return selfSigned('my own', domain, { notBeforeMs: nowMs - 60_000, notAfterMs: nowMs + 3_600_000 });
}

type Write = (path: string, text: string) => void;

const inPlace: Write = (path, text) => writeFileSync(path, text, { mode: 0o640 });

const byReplacing: Write = (path, text) => {
  inPlace(`${path}.new`, text);
  chownSync(`${path}.new`, 0, group);
  renameSync(`${path}.new`, path);
};

function write({ pem }: Pair, how: Write): void {
  const at = pem.indexOf('-----BEGIN CERTIFICATE');
  how(file('privkey.pem'), pem.slice(0, at));
  how(file('fullchain.pem'), pem.slice(at));
}

describe('an own certificate on Docker Compose', () => {
  it('that the program may not read is named, with the command that helps; then it is taken up', async () => {
    const own = await certificate();
    write(own, byReplacing);
    chownSync(file('privkey.pem'), 0, 0);
    expectDone(await compose('up', '--detach', '--build', '--wait'));
    const { source, error } = (await eventually('the report', entry)) ?? expect.fail();
    expect(source).toBe('self-signed');
    const key = file('privkey.pem');
    expect(error).toBe(`TLS_KEY_FILE cannot be read: chgrp ${group} ${key} && chmod g+r ${key}`);
    chownSync(key, 0, group);
    await untilServed(own);
    await eventually('the report', async () => (await entry())?.source === 'file');
  });

  it.each([
    ['replaced', byReplacing],
    ['written in place', inPlace],
  ])('is taken up when its files are %s', async (_, how) => {
    const own = await certificate();
    write(own, how);
    await untilServed(own);
  });

  it('is kept by a container that has no more privileges than it needs', async () => {
    const { stdout } = expectDone(await stack.run('docker', 'inspect', `${stack.prefix}certificates`));
    const [{ Config, HostConfig }] = JSON.parse(stdout);
    expect(HostConfig).toMatchObject({ ReadonlyRootfs: true, CapDrop: ['ALL'], CapAdd: null, Privileged: false });
    expect(HostConfig.SecurityOpt).toContain('no-new-privileges:true');
    expect(Config.User).toBe(`1000:${group}`);
    for (const reader of ['nginx_proxy', 'alert_watcher'])
      expect((await compose('exec', '-T', reader, 'touch', '/var/lib/bluegreen/acme/x')).stderr).toContain('Read-only');
    expect(await inside('certificates', 'stat', '-c', '%a %g', liveFile)).toBe(`640 ${group}`);
  });

  it('has a service only with DOMAINS', async () => {
    const without = ['DOMAINS', 'TLS_CERTIFICATE_FILE', 'TLS_KEY_FILE'].map((name) => [name, '']);
    const services = async () => expectDone(await compose('config', '--services')).stdout.split('\n');
    expect(await services()).toContain('certificates');
    stack.configure(Object.fromEntries(without));
    expect(await services()).not.toContain('certificates');
    expectDone(await stack.bluegreen('up'));
    expect(expectDone(await compose('ps', '--all', '--services')).stdout).not.toContain('certificates');
    expect(expectDone(await stack.bluegreen('status')).stdout).not.toContain('certificates');
  });
});
