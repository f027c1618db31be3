import type { NetworkInterfaceInfo } from 'node:os';
import { expect, it } from 'vitest';
import { ownAddresses } from './own-addresses.ts';

it('knows only the public addresses of this machine', () => {
  const all = ['127.0.0.1', '10.1.2.3', '172.31.240.5', '172.32.0.1', '192.168.1.9', '100.64.0.1', '203.0.113.7'];
  const six = ['::1', 'fe80::1', 'fd00::1', '2001:db8::1'];
  const found = [...all, ...six].map((address) => ({ address }) as NetworkInterfaceInfo);
  expect(ownAddresses({ eth0: found })).toEqual(['172.32.0.1', '203.0.113.7', '2001:db8::1']);
});
