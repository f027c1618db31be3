import { expect, it } from 'vitest';
import { SettingsError } from '../settings/read.ts';
import { readConfig } from './config.ts';

function faultsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof SettingsError) return error.faults;
    throw error;
  }
  return [];
}

it('a domain is enough: its certificate comes from a public CA by HTTP-01', () => {
  expect(readConfig({ DOMAINS: 'shop.example,www.shop.example' })).toMatchObject({
    domains: ['shop.example', 'www.shop.example'],
    source: { kind: 'acme', directoryUrl: expect.stringContaining('https://'), dns: undefined, email: undefined },
  });
});

it.each([
  [
    { DOMAINS: '*.shop.example,shop.example' },
    ['ACME_DNS: expected a DNS provider for *.shop.example, got nothing: a wildcard needs DNS-01'],
  ],
  [{ DOMAINS: '*.shop.example', ACME_DNS: 'route53' }, []],
  [{ DOMAINS: '*.shop.example', TLS_CERTIFICATE_FILE: '/c', TLS_KEY_FILE: '/k' }, []],
  [{ DOMAINS: 'a.example,b.example,a.example' }, ['DOMAINS: expected each domain once, got a.example twice']],
  [
    { DOMAINS: 'a.example', TLS_KEY_FILE: '/k' },
    ['TLS_CERTIFICATE_FILE: expected the certificate of TLS_KEY_FILE, got nothing'],
  ],
  [
    { DOMAINS: 'a.example', TLS_CERTIFICATE_FILE: '/c' },
    ['TLS_KEY_FILE: expected the key of TLS_CERTIFICATE_FILE, got nothing'],
  ],
] as const)('%j: %j', (env, faults) => {
  expect(faultsOf(env)).toEqual(faults);
});

it('an own certificate without domains is a fault, and so is nothing at all', () => {
  expect(faultsOf({ TLS_CERTIFICATE_FILE: '/c', TLS_KEY_FILE: '/k' })).toContain(
    'DOMAINS: expected the domains of TLS_CERTIFICATE_FILE, got nothing, so that HTTPS is off',
  );
  expect(faultsOf({})).toEqual([expect.stringMatching(/^DOMAINS: expected domain names .*, got nothing$/)]);
});
