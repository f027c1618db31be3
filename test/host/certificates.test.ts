import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isPlaceholder } from '../../certificates/pair.ts';
import { type AcmeCa, acmeCa } from '../acme-ca.ts';
import { acmeEnv, CertificatesProgram, challengeServer, hurried } from '../certificates-program.ts';
import { eventually } from '../condition.ts';

const patient = {
  ...hurried,
  backoff: {
    refused: { firstMs: 3_600_000, longestMs: 3_600_000 },
    unreachable: { firstMs: 3_600_000, longestMs: 3_600_000 },
    local: { firstMs: 3_600_000, longestMs: 3_600_000 },
  },
};

let ca: AcmeCa;
let program: CertificatesProgram;
let challenges: { close(): void };
const mood = { slow: false };

beforeAll(async () => {
  ca = await acmeCa({ lifetimeSec: 3_600, blocked: ['blocked.test'] });
  await ca.start();
  challenges = await challengeServer(ca.httpPort, () => program.publicDirectory, mood);
});

afterAll(async () => {
  challenges.close();
  await ca.close();
});

beforeEach(() => {
  program = new CertificatesProgram();
  mood.slow = false;
});

afterEach(() => program.close());

const untilIssued = (domain: string) => program.until('a certificate', domain, ({ source }) => source === 'acme');

/** lego runs as a child of the program. */
function legoPids(): number[] {
  try {
    const pids = execFileSync('pgrep', ['-P', String(program.pid), '-x', 'lego'], { encoding: 'utf8' });
    return pids.trim().split('\n').map(Number);
  } catch {
    return [];
  }
}

const runningLego = () => eventually('lego to run', () => legoPids().at(0));

describe('certificates from a CA', () => {
  it('are there for each domain, while one that the CA refuses holds no other up', async () => {
    await program.start(acmeEnv(ca, 'blocked.test,shop.test,www.shop.test'));
    for (const domain of ['shop.test', 'www.shop.test']) {
      const entry = await untilIssued(domain);
      expect(entry).toMatchObject({ failures: 0, issuer: expect.stringContaining('Pebble') });
      expect(entry.error).toBeUndefined();
      expect(program.live(domain)?.certificate.checkHost(domain)).toBe(domain);
    }
    const blocked = await program.until('a failure', 'blocked.test', ({ failures }) => failures > 1);
    expect(blocked.source).toBe('self-signed');
    expect(blocked.error).toMatch(/^the CA does not issue certificates for blocked\.test: Order included an identifier/);
  });

  it('come as soon as a CA that was down answers; until then a self-signed one serves', async () => {
    const late = await acmeCa({ lifetimeSec: 3_600 });
    const answers = await challengeServer(late.httpPort, () => program.publicDirectory);
    try {
      await program.start(acmeEnv(late, 'shop.test'), { ...hurried, legoDeadlineMs: 3_000 });
      const waiting = await program.until('a failure', 'shop.test', ({ failures }) => failures > 0);
      expect(waiting.source).toBe('self-signed');
      expect(waiting.error).toMatch(/cannot be reached|was not done after 3 s/);
      expect(program.live('shop.test')?.certificate.checkHost('shop.test')).toBe('shop.test');
      await late.start();
      await untilIssued('shop.test');
      // A CA that lost its accounts gets a new one.
      const before = program.serial('shop.test');
      await late.stop();
      await late.start();
      await program.stop();
      rmSync(join(program.tlsDirectory, 'lego', `localhost_${new URL(late.directoryUrl).port}_dir`, 'certificates'), {
        recursive: true,
      });
      await program.start(acmeEnv(late, 'shop.test'));
      await program.until('another certificate', 'shop.test', () => program.serial('shop.test') !== before);
    } finally {
      answers.close();
      await late.close();
    }
  });

  it('for wildcards come by DNS-01, with credentials that no error repeats', async () => {
    const script = join(program.directory, 'record');
    const set = `curl -fsS -d "{\\"host\\":\\"$2\\",\\"value\\":\\"$3\\"}" ${ca.recordsUrl}`;
    const text = (fail: string) =>
      `#!/bin/sh\n${fail}\ncase $1 in present) ${set}/set-txt ;; cleanup) ${set}/clear-txt ;; esac\n`;
    writeFileSync(script, text('echo "$SECRET is refused" >&2; exit 1'), { mode: 0o755 });
    const env = { ...acmeEnv(ca, '*.shop.test'), ACME_DNS: 'exec', EXEC_PATH: script, SECRET: 'hush-hush-hush' };
    await program.start(env, { ...hurried, legoArguments: ['--dns.disable-cp'] });
    await program.until('a failure', '*.shop.test', ({ failures }) => failures > 0);
    writeFileSync(script, text(''), { mode: 0o755 });
    await untilIssued('*.shop.test');
    expect(program.live('*.shop.test')?.certificate.subjectAltName).toContain('DNS:*.shop.test');
    expect(readdirSync(join(program.tlsDirectory, 'live'))).toEqual(['_.shop.test.pem']);
    expect(program.output).not.toContain('hush');
    expect(program.output).not.toMatch(/[A-Za-z0-9_-]{43}/);
  });
});

describe('renewal', () => {
  let short: AcmeCa;
  let answers: { close(): void };

  beforeAll(async () => {
    short = await acmeCa({ lifetimeSec: 6 });
    await short.start();
    answers = await challengeServer(short.httpPort, () => program.publicDirectory);
  });

  afterAll(async () => {
    answers.close();
    await short.close();
  });

  it('comes before a certificate of seconds runs out, again and again, and keeps the key', async () => {
    await program.start(acmeEnv(short, 'shop.test'));
    await untilIssued('shop.test');
    const first = program.live('shop.test');
    for (let count = 0; count < 2; count += 1) {
      const before = program.serial('shop.test');
      await program.until('a renewal', 'shop.test', () => program.serial('shop.test') !== before);
      const now = program.live('shop.test')?.certificate;
      expect(now?.validToDate.getTime()).toBeGreaterThan(Date.now());
      expect(now?.publicKey.equals(first?.certificate.publicKey ?? now.publicKey)).toBe(first !== undefined);
    }
  });

  it('survives kill -9 of everything, at any moment: what is served is always a pair', async () => {
    for (let count = 0; count < 12; count += 1) {
      await program.start(acmeEnv(short, 'shop.test'));
      await delay(Math.random() * 700);
      await program.killAll();
      expect(program.live('shop.test')).toBeDefined();
    }
    await program.start(acmeEnv(short, 'shop.test'));
    const before = program.serial('shop.test');
    await program.until('a renewal', 'shop.test', () => program.serial('shop.test') !== before);
  });
});

describe('after a crash', () => {
  it('what lego was issued just before is installed, without asking the CA', async () => {
    await program.start(acmeEnv(ca, 'shop.test'));
    await untilIssued('shop.test');
    const serial = program.serial('shop.test');
    await program.killAll();
    rmSync(join(program.tlsDirectory, 'live/shop.test.pem'));
    await program.start({ ...acmeEnv(ca, 'shop.test'), ACME_CA_FILE: '/nonexistent' });
    expect(program.serial('shop.test')).toBe(serial);
  });

  it.each(['certificates/shop.test.key', 'certificates/shop.test.crt', 'accounts/*/*/account.json'])(
    'a half-written %s of lego stops nothing',
    async (name) => {
      await program.start(acmeEnv(ca, 'shop.test'));
      await untilIssued('shop.test');
      const before = program.serial('shop.test');
      await program.killAll();
      const lego = join(program.tlsDirectory, 'lego');
      const [path = ''] = execFileSync('sh', ['-c', `ls -d "$1"/*/${name}`, 'sh', lego], { encoding: 'utf8' }).split('\n');
      truncateSync(path, readFileSync(path).length / 2);
      if (name.startsWith('accounts')) rmSync(join(path, '../../../../certificates/shop.test.key'));
      await program.start(acmeEnv(ca, 'shop.test'));
      expect(program.live('shop.test')).toBeDefined();
      await program.until('a certificate', 'shop.test', () => program.serial('shop.test') !== before);
    },
  );

  it('of lego alone, it is tried again', async () => {
    mood.slow = true;
    await program.start(acmeEnv(ca, 'killed.test'));
    process.kill(await runningLego(), 'SIGKILL');
    await program.until('a failure', 'killed.test', ({ failures }) => failures > 0);
    mood.slow = false;
    await untilIssued('killed.test');
  });
});

describe('lego', () => {
  it('is ended when it hangs, and that is said', async () => {
    mood.slow = true;
    await program.start(acmeEnv(ca, 'hung.test'), { ...patient, legoDeadlineMs: 1_000 });
    const entry = await program.until('a failure', 'hung.test', ({ failures }) => failures > 0);
    expect(entry.error).toBe('lego was not done after 1 s, and was ended');
    expect(legoPids()).toEqual([]);
  });

  it('is ended with the program', async () => {
    mood.slow = true;
    await program.start(acmeEnv(ca, 'stopped.test'));
    const pid = await runningLego();
    await program.stop();
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  it('is not started again before its time by a restart, but by other settings', async () => {
    await program.start(acmeEnv(ca, 'blocked.test'), patient);
    const entry = await program.until('a failure', 'blocked.test', ({ failures }) => failures > 0);
    await program.killAll();
    await program.start(acmeEnv(ca, 'blocked.test'), patient);
    expect(program.entry('blocked.test')).toMatchObject({ failures: 1, nextAttemptMs: entry.nextAttemptMs });
    await delay(300);
    expect(program.entry('blocked.test')?.failures).toBe(1);
    await program.stop();
    await program.start({ ...acmeEnv(ca, 'blocked.test'), ACME_EMAIL: 'other@shop.test' }, patient);
    await program.until('an attempt', 'blocked.test', ({ nextAttemptMs = 0 }) => nextAttemptMs > (entry.nextAttemptMs ?? 0));
  });
});

describe('a domain is looked at before the CA is asked', () => {
  const looking = () => ({ ...hurried, look: { port: ca.httpPort, resolver: ca.dns } });

  it('one without an address is named, and the others get their certificates', async () => {
    await ca.records('add-a', { host: 'shop.test', addresses: ['127.0.0.1'] });
    await ca.records('set-default-ipv4', { ip: '' });
    try {
      await program.start(acmeEnv(ca, 'nowhere.test,shop.test'), looking());
      await untilIssued('shop.test');
      const entry = await program.until('a failure', 'nowhere.test', ({ failures }) => failures > 0);
      expect(entry.error).toBe('nowhere.test has no address in the DNS');
    } finally {
      await ca.records('set-default-ipv4', { ip: '127.0.0.1' });
    }
  });

  it('one that something else answers for is named, with its address', async () => {
    const elsewhere = { publicDirectory: '/nonexistent' };
    const port = ca.httpPort + 1;
    const other = await challengeServer(port, () => elsewhere.publicDirectory);
    try {
      await program.start(acmeEnv(ca, 'other.test'), { ...patient, look: { port, resolver: ca.dns } });
      const entry = await program.until('a failure', 'other.test', ({ failures }) => failures > 0);
      expect(entry.error).toContain(
        `other.test has the address 127.0.0.1 in the DNS, and what answers at 127.0.0.1 on port ${port} is not this stack`,
      );
      expect(legoPids()).toEqual([]);
    } finally {
      other.close();
    }
  });

  it('one that cannot be connected to from here is for the CA to judge', async () => {
    const [port = 0] = [1];
    await program.start(acmeEnv(ca, 'hairpin.test'), { ...patient, look: { port, resolver: ca.dns } });
    await untilIssued('hairpin.test');
    expect(isPlaceholder(program.live('hairpin.test')?.certificate ?? expect.fail())).toBe(false);
  });
});
