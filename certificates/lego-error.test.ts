import { describe, expect, it } from 'vitest';
import { failureOf, retryAtMs } from './lego-error.ts';

const question = {
  domain: 'shop.example',
  directoryUrl: 'https://ca.example/directory',
  dns: undefined,
  secrets: ['hush-hush'],
};
const token = 'evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA';
const at = '2026/11/28 13:06:32 ';

/** As lego 4.9 and 4.35 print it: the time, what happened on the way, and the end. */
function printed(end: string): string {
  return [
    `${at}[INFO] [shop.example] acme: Obtaining bundled SAN certificate`,
    `${at}[INFO] retry due to: acme: error: 400 :: urn:ietf:params:acme:error:badNonce :: JWS has an invalid anti-replay nonce`,
    `${at}[WARN] retry: acme: error: 500 :: urn:ietf:params:acme:error:serverInternal :: on the way`,
    end.startsWith('panic') ? end : `${at}${end}`,
    '',
  ].join('\n');
}

const caError = (status: number, type: string, detail: string) =>
  printed(
    `Could not obtain certificates:\n\terror: one or more domains had a problem:\n[shop.example] acme: error: ${status} :: urn:ietf:params:acme:error:${type} :: ${detail}\n`,
  );

describe('what lego prints becomes a sentence, and decides when it is tried again', () => {
  it.each([
    ['connection', 400, 'refused', /^the CA cannot connect to shop\.example on port 80/],
    ['unauthorized', 403, 'refused', /^the CA asked shop\.example on port 80 and did not get our answer/],
    ['dns', 400, 'refused', /^the CA cannot look up shop\.example/],
    ['caa', 403, 'refused', /^a CAA record in the DNS of shop\.example does not allow this CA/],
    ['rejectedIdentifier', 400, 'refused', /^the CA does not issue certificates for shop\.example/],
    ['rateLimited', 429, 'refused', /^the CA has had too many requests/],
    ['rateLimited', 503, 'unreachable', /^the CA has had too many requests/],
    ['serverInternal', 500, 'unreachable', /^the CA has a problem/],
    ['accountDoesNotExist', 400, 'local', /^the CA does not know our account/],
    ['somethingNew', 400, 'refused', /^the CA refused/],
  ] as const)('%s, %d: %s', (type, status, kind, sentence) => {
    const failure = failureOf(caError(status, type, 'what the CA says'), question);
    expect(failure).toMatchObject({ kind, message: expect.stringMatching(sentence) });
    expect(failure.message).toContain(': what the CA says');
  });

  it.each([
    [
      'Could not create client: get directory at \'https://ca.example/directory\': Get "https://ca.example/directory": GET https://ca.example/directory giving up after 6 attempt(s): Get "https://ca.example/directory": dial tcp 192.0.2.1:443: connect: connection refused',
      'unreachable',
      'the CA at ca.example cannot be reached: dial tcp 192.0.2.1:443: connect: connection refused',
    ],
    [
      'Could not create client: get directory at \'https://ca.example/directory\': Get "https://ca.example/directory": dial tcp: lookup ca.example: no such host',
      'unreachable',
      'the CA at ca.example cannot be reached: dial tcp: lookup ca.example: no such host',
    ],
    [
      'Could not create client: get directory at \'https://ca.example/directory\': Get "https://ca.example/directory": x509: certificate signed by unknown authority',
      'unreachable',
      'the certificate of ca.example is not trusted; set ACME_CA_FILE: x509: certificate signed by unknown authority',
    ],
    [
      'You have to pass an account (email address) to the program using --email or -m',
      'local',
      'ACME_EMAIL: this version of lego wants an e-mail address',
    ],
    ['panic: no more\n\ngoroutine 1 [running]:\nmain.main()', 'refused', 'lego failed: panic: no more'],
    ['nothing that is known', 'refused', 'lego failed: nothing that is known'],
  ] as const)('%s', (end, kind, message) => {
    expect(failureOf(printed(end), question)).toEqual({ kind, message });
  });

  it.each([
    ['unrecognized DNS provider: nonsense', /^ACME_DNS: this lego does not know nonsense/],
    [
      'nonsense: some credentials information are missing: NONSENSE_KEY',
      /^acme\.env lacks credentials for nonsense: .*NONSENSE_KEY/,
    ],
  ])('for DNS-01, %s', (end, message) => {
    const failure = failureOf(printed(end), { ...question, dns: 'nonsense' });
    expect(failure).toMatchObject({ kind: 'local', message: expect.stringMatching(message) });
  });
});

it('what the CA says about a rate limit decides when it is asked again', () => {
  const detail =
    'too many certificates (5) already issued for this exact set of identifiers in the last 168h0m0s, retry after 2026-12-01 10:20:30 UTC: see https://ca.example/limits';
  expect(failureOf(caError(429, 'rateLimited', detail), question)).toMatchObject({
    kind: 'refused',
    retryAtMs: Date.UTC(2026, 11, 1, 10, 20, 30),
  });
  expect(retryAtMs('too many requests')).toBeUndefined();
});

it('tokens, keys and credentials are in no sentence, long domains are', () => {
  const domain = 'a-very-long-name-of-more-than-thirty-letters.example';
  const detail = `Invalid response from http://${domain}/.well-known/acme-challenge/${token}: "${token}.${token}" with hush-hush`;
  const { message } = failureOf(caError(403, 'unauthorized', detail), { ...question, domain });
  expect(message).toContain(`http://${domain}/.well-known/acme-challenge/…: "…" with …`);
  expect(message).not.toContain(token);
  expect(message).not.toContain('hush');
});
