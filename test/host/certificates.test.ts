import { execFileSync } from 'node:child_process';
import { globSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Options } from '../../certificates/options.ts';
import { type AcmeCa, acmeCa } from '../acme-ca.ts';
import { acmeEnv, CertificatesProgram, challengeServer, hurried } from '../certificates-program.ts';
import { eventually } from '../condition.ts';
import { freePorts } from '../free-port.ts';

// The tests run at the same time: lego waits five seconds for each validation, and does nothing meanwhile.

const hour = { firstMs: 3_600_000, longestMs: 3_600_000 };
const patient: Options = { ...hurried, backoff: { refused: hour, unreachable: hour, local: hour } };

/** The DNS server of the tests has no zone in which lego could look whether a record is there. */
const withDns = (options: Options): Options => ({ ...options, legoArguments: ['--dns.disable-cp'] });

const programs: CertificatesProgram[] = [];
const directories = () => programs.map(({ publicDirectory }) => publicDirectory);
const closers: (() => unknown)[] = [];
let ca: AcmeCa;
let short: AcmeCa;

async function startedCa(options: Parameters<typeof acmeCa>[0]): Promise<AcmeCa> {
  const made = await acmeCa(options);
  const answers = await challengeServer(made.httpPort, directories);
  closers.push(answers.close, made.close);
  return made;
}

beforeAll(async () => {
  ca = await startedCa({ lifetimeSec: 3_600, blocked: ['blocked.test'] });
  short = await startedCa({ lifetimeSec: 8 });
  await Promise.all([ca.start(), short.start()]);
});

afterAll(async () => {
  for (const close of closers) await close();
});

function newProgram(): CertificatesProgram {
  const program = new CertificatesProgram();
  programs.push(program);
  closers.push(() => program.close());
  return program;
}

const untilIssued = (program: CertificatesProgram, domain: string) =>
  program.until('a certificate', domain, ({ source }) => source === 'acme');

const untilFailed = (program: CertificatesProgram, domain: string) =>
  program.until('a failure', domain, ({ failures }) => failures > 0);

async function untilOther(program: CertificatesProgram, domain: string, before: string | undefined): Promise<void> {
  await program.until('another certificate', domain, () => program.serial(domain) !== before);
}

/** For DNS-01: a script sets the records, as the provider `exec` of lego does it. It first runs `first`. */
function dnsEnv({ directory }: CertificatesProgram, domains: string, first = ''): NodeJS.ProcessEnv {
  const script = join(directory, 'record');
  const set = `curl -fsS -d "{\\"host\\":\\"$2\\",\\"value\\":\\"$3\\"}" ${ca.recordsUrl}`;
  const text = `case $1 in present) ${set}/set-txt ;; cleanup) ${set}/clear-txt ;; esac`;
  writeFileSync(script, `#!/bin/sh\n${first}\n${text}\n`, { mode: 0o755 });
  return { ...acmeEnv(ca, domains), ACME_DNS: 'exec', EXEC_PATH: script };
}

/** For `dnsEnv`: hangs until the file is removed, at the latest with the directory of the program. */
function hangingFor({ directory }: CertificatesProgram, domain: string) {
  const file = join(directory, `_acme-challenge.${domain}.`);
  writeFileSync(file, '');
  return { first: `while [ -e "${directory}/$2" ]; do sleep 0.1; done`, end: () => rmSync(file) };
}

/** lego runs as a child of the program. */
function legoPids({ pid }: CertificatesProgram): number[] {
  try {
    const pids = execFileSync('pgrep', ['-P', String(pid), '-x', 'lego'], { encoding: 'utf8' });
    return pids.trim().split('\n').map(Number);
  } catch {
    return [];
  }
}

function legoFile({ tlsDirectory }: CertificatesProgram, name: string): string {
  const [found] = globSync(join(tlsDirectory, 'lego/*', name));
  if (found === undefined) throw new Error(`there is no ${name}`);
  return found;
}

describe.concurrent('certificates from a CA', () => {
  it('are there for each domain, while one that the CA refuses holds no other up', async () => {
    const program = newProgram();
    await program.start(acmeEnv(ca, 'blocked.test,shop.test,www.shop.test'));
    for (const domain of ['shop.test', 'www.shop.test']) {
      const entry = await untilIssued(program, domain);
      expect(entry).toMatchObject({ failures: 0, issuer: expect.stringContaining('Pebble') });
      expect(entry.error).toBeUndefined();
      expect(program.live(domain)?.certificate.checkHost(domain)).toBe(domain);
    }
    const blocked = await program.until('failures', 'blocked.test', ({ failures }) => failures > 1);
    expect(blocked.source).toBe('self-signed');
    expect(blocked.error).toMatch(
      /^the CA does not issue certificates for blocked\.test: Order included an identifier/,
    );
  });

  it('come as soon as a CA that was down answers, and again from one that lost its accounts', async () => {
    const late = await startedCa({ lifetimeSec: 3_600 });
    const program = newProgram();
    await program.start(acmeEnv(late, 'shop.test'), { ...hurried, legoDeadlineMs: 8_000 });
    const waiting = await untilFailed(program, 'shop.test');
    expect(waiting.source).toBe('self-signed');
    expect(waiting.error).toMatch(/cannot be reached|was not done after 8 s/);
    expect(program.live('shop.test')?.certificate.checkHost('shop.test')).toBe('shop.test');
    await late.start();
    await untilIssued(program, 'shop.test');
    const before = program.serial('shop.test');
    await program.stop();
    await late.stop();
    await late.start();
    rmSync(legoFile(program, 'certificates'), { recursive: true });
    await program.start(acmeEnv(late, 'shop.test'));
    await untilOther(program, 'shop.test', before);
  });

  it('for wildcards come by DNS-01, with credentials that no error repeats', async () => {
    const program = newProgram();
    const env = dnsEnv(program, '*.shop.test', 'echo "$SECRET is refused" >&2; exit 1');
    await program.start({ ...env, SECRET: 'hush-hush-hush' }, withDns(hurried));
    await untilFailed(program, '*.shop.test');
    dnsEnv(program, '*.shop.test');
    await untilIssued(program, '*.shop.test');
    expect(program.live('*.shop.test')?.certificate.subjectAltName).toContain('DNS:*.shop.test');
    expect(readdirSync(join(program.tlsDirectory, 'live'))).toEqual(['_.shop.test.pem']);
    expect(program.output).not.toContain('hush');
    expect(program.output).not.toMatch(/[A-Za-z0-9_-]{43}/);
  });

  it('are not asked for with roots that cannot be read', async () => {
    const program = newProgram();
    await program.start({ ...acmeEnv(ca, 'shop.test'), ACME_CA_FILE: '/nonexistent' }, patient);
    expect((await untilFailed(program, 'shop.test')).error).toContain('ACME_CA_FILE cannot be read (ENOENT)');
  });

  it('are renewed before they run out, again and again, and keep their key', async () => {
    const program = newProgram();
    await program.start(acmeEnv(short, 'shop.test'));
    await untilIssued(program, 'shop.test');
    const key = program.live('shop.test')?.certificate.publicKey;
    for (let count = 0; count < 2; count += 1) {
      await untilOther(program, 'shop.test', program.serial('shop.test'));
      const now = program.live('shop.test')?.certificate;
      expect(now?.validToDate.getTime()).toBeGreaterThan(Date.now());
      expect(key !== undefined && now?.publicKey.equals(key)).toBe(true);
    }
  });
});

describe.concurrent('kill -9', () => {
  it('of everything, at any moment: what is served is always a pair, and renewals go on', async () => {
    const program = newProgram();
    for (let count = 0; count < 12; count += 1) {
      await program.start(acmeEnv(short, 'shop.test'));
      await delay(Math.random() * 700);
      await program.killAll();
      expect(program.live('shop.test')).toBeDefined();
    }
    await program.start(acmeEnv(short, 'shop.test'));
    await untilIssued(program, 'shop.test');
    await untilOther(program, 'shop.test', program.serial('shop.test'));
  });

  it('just before the installation: what lego was issued is installed, without asking the CA', async () => {
    const program = newProgram();
    await program.start(acmeEnv(ca, 'shop.test'));
    await untilIssued(program, 'shop.test');
    const serial = program.serial('shop.test');
    await program.killAll();
    rmSync(join(program.tlsDirectory, 'live/shop.test.pem'));
    await program.start({ ...acmeEnv(ca, 'shop.test'), ACME_CA_FILE: '/nonexistent' });
    expect(program.serial('shop.test')).toBe(serial);
  });

  it.each([
    'certificates/shop.test.key',
    'certificates/shop.test.crt',
    'accounts/*/*/account.json',
    'accounts/*/*/keys/*.key',
  ])('while lego writes %s: the old certificate is served until there is a new one', async (name) => {
    const program = newProgram();
    await program.start(acmeEnv(ca, 'shop.test'));
    await untilIssued(program, 'shop.test');
    const before = program.serial('shop.test');
    await program.killAll();
    const path = legoFile(program, name);
    truncateSync(path, Math.floor(statSync(path).size / 2));
    if (name.startsWith('accounts')) rmSync(legoFile(program, 'certificates/shop.test.key'));
    await program.start(acmeEnv(ca, 'shop.test'));
    expect(program.entry('shop.test')?.source).toBe('acme');
    await untilOther(program, 'shop.test', before);
    expect(program.entry('shop.test')?.error).toBeUndefined();
  });

  it('of lego alone: it is tried again', async () => {
    const program = newProgram();
    const hanging = hangingFor(program, 'shop.test');
    await program.start(dnsEnv(program, 'shop.test', hanging.first), withDns(hurried));
    process.kill(await eventually('lego to run', () => legoPids(program).at(0)), 'SIGKILL');
    await untilFailed(program, 'shop.test');
    hanging.end();
    await untilIssued(program, 'shop.test');
  });
});

describe.concurrent('lego', () => {
  it('is ended when it hangs, and that is said; meanwhile the others get their certificates', async () => {
    const program = newProgram();
    const { first } = hangingFor(program, 'slow.test');
    const options = { ...withDns(patient), legoDeadlineMs: 20_000 };
    await program.start(dnsEnv(program, 'slow.test,shop.test', first), options);
    await untilIssued(program, 'shop.test');
    expect(program.entry('slow.test')?.failures).toBe(0);
    const entry = await untilFailed(program, 'slow.test');
    expect(entry.error).toBe('lego was not done after 20 s, and was ended');
    expect(legoPids(program)).toEqual([]);
  });

  it('is ended with the program', async () => {
    const program = newProgram();
    const { first } = hangingFor(program, 'slow.test');
    await program.start(dnsEnv(program, 'slow.test', first), withDns(hurried));
    const pid = await eventually('lego to run', () => legoPids(program).at(0));
    await Promise.race([program.stop(), delay(10_000)]);
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  it('is not started again before its time by a restart, but by other settings', async () => {
    const program = newProgram();
    await program.start(acmeEnv(ca, 'blocked.test'), patient);
    const { nextAttemptMs } = await untilFailed(program, 'blocked.test');
    await program.killAll();
    await program.start(acmeEnv(ca, 'blocked.test,shop.test'), patient);
    await untilIssued(program, 'shop.test');
    expect(program.entry('blocked.test')).toMatchObject({ failures: 1, nextAttemptMs });
    await program.stop();
    await program.start({ ...acmeEnv(ca, 'blocked.test'), ACME_EMAIL: 'other@shop.test' }, patient);
    await program.until('an attempt', 'blocked.test', (entry) => (entry.nextAttemptMs ?? 0) > (nextAttemptMs ?? 0));
  });
});

describe.concurrent('a domain is looked at before the CA is asked', () => {
  it('one without an address is named, and the others get their certificates', async () => {
    const other = await startedCa({ lifetimeSec: 3_600 });
    await other.start();
    await other.records('add-a', { host: 'shop.test', addresses: ['127.0.0.1'] });
    await other.records('set-default-ipv4', { ip: '' });
    const program = newProgram();
    const look = { port: other.httpPort, resolver: other.dns };
    await program.start(acmeEnv(other, 'nowhere.test,shop.test'), { ...hurried, look });
    await untilIssued(program, 'shop.test');
    expect((await untilFailed(program, 'nowhere.test')).error).toBe('nowhere.test has no address in the DNS');
  });

  it('one that something else answers for is named, with its address', async () => {
    const [port = 0] = await freePorts(1);
    const other = await challengeServer(port, () => []);
    closers.push(other.close);
    const program = newProgram();
    await program.start(acmeEnv(ca, 'other.test'), { ...patient, look: { port, resolver: ca.dns } });
    expect((await untilFailed(program, 'other.test')).error).toContain(
      `other.test has the address 127.0.0.1 in the DNS, and what answers at 127.0.0.1 on port ${port} is not this stack`,
    );
  });

  it('and so is the edge', async () => {
    const [port = 0] = await freePorts(1);
    const program = newProgram();
    const env = { ...acmeEnv(ca, 'shop.test'), EDGE_ADDRESS: `127.0.0.1:${port}` };
    await program.start(env, { ...hurried, edgePatienceMs: 100 });
    const waiting = await untilFailed(program, 'shop.test');
    expect(waiting.error).toBe('the edge does not serve the challenges of the CA: it does not answer');
    closers.push((await challengeServer(port, directories)).close);
    await untilIssued(program, 'shop.test');
  });

  it('and after three looks in vain the CA is asked all the same, as routers can answer for their own address', async () => {
    const [port = 0] = await freePorts(1);
    closers.push((await challengeServer(port, () => [])).close);
    const program = newProgram();
    await program.start(acmeEnv(ca, 'behind.test'), { ...hurried, look: { port, resolver: ca.dns } });
    await program.until('three failures', 'behind.test', ({ failures }) => failures === 3);
    await untilIssued(program, 'behind.test');
  });

  it('one that cannot be connected to from here is for the CA to judge', async () => {
    const [port = 0] = await freePorts(1);
    const program = newProgram();
    await program.start(acmeEnv(ca, 'shop.test'), { ...patient, look: { port, resolver: ca.dns } });
    await untilIssued(program, 'shop.test');
  });
});
