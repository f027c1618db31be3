import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AcmeCa, acmeCa } from '../acme-ca.ts';
import { acmeEnv, CertificatesProgram, challengeServer } from '../certificates-program.ts';

let ca: AcmeCa;
let program: CertificatesProgram;
let challenges: { close(): void };

beforeAll(async () => {
  ca = await acmeCa({ lifetimeSec: 3_600, blocked: ['blocked.test'] });
  await ca.start();
  challenges = await challengeServer(ca.httpPort, () => program.publicDirectory);
});

afterAll(async () => {
  challenges.close();
  await ca.close();
});

beforeEach(() => {
  program = new CertificatesProgram();
});

afterEach(() => program.close());

describe('certificates from a CA', () => {
  it('are there for each domain, while one that the CA refuses holds no other up', async () => {
    await program.start(acmeEnv(ca, 'blocked.test,shop.test,www.shop.test'));
    expect(program.entry('shop.test')?.source).toBe('self-signed');
    await Promise.all(
      ['shop.test', 'www.shop.test'].map(async (domain) => {
        const entry = await program.until('a certificate', domain, ({ source }) => source === 'acme');
        expect(entry).toMatchObject({ failures: 0, issuer: expect.stringContaining('Pebble') });
        expect(program.live(domain)?.certificate.checkHost(domain)).toBe(domain);
      }),
    );
    const blocked = await program.until('a failure', 'blocked.test', ({ failures }) => failures > 0);
    expect(blocked).toMatchObject({ source: 'self-signed', error: expect.stringContaining('blocked.test') });
    console.log(blocked, program.output);
  });
});
