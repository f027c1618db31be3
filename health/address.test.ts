import { expect, it } from 'vitest';
import { addressOf } from './address.ts';

it.each([
  ['http://127.0.0.1:3000', { host: '127.0.0.1', port: 3000 }],
  ['http://shop:80', { host: 'shop', port: 80 }],
  ['http://[::1]:3000', { host: '::1', port: 3000 }],
])('the address of %s is %j', (origin, address) => {
  expect(addressOf(origin)).toEqual(address);
});
