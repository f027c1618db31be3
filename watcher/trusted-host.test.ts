import { expect, it } from 'vitest';
import { isTrustedHost } from './trusted-host.ts';

it('trusts addresses, localhost and names without a dot, and such as are known to be ours', () => {
  const trusted = [
    '127.0.0.1:8083',
    '10.1.2.3',
    '[::1]:8083',
    'localhost:8083',
    'dash.localhost',
    'alert_watcher:8083',
  ];
  for (const host of trusted) expect([host, isTrustedHost(host)]).toEqual([host, true]);
  expect(isTrustedHost('status.example.org', ['status.example.org'])).toBe(true);
});

it('trusts no name that somebody else could own, and nothing that is no name', () => {
  const others = ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example:8083', 'a@b', 'x/y', '', undefined];
  for (const host of others) expect([host, isTrustedHost(host)]).toEqual([host, false]);
});
