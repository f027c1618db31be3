import { describe, expect, it } from 'vitest';
import { overlapping } from './subnet.ts';

describe('networks that overlap the subnet of the stack', () => {
  it.each([
    ['other 172.31.240.0/24', true],
    ['around 172.31.0.0/16', true],
    ['within 172.31.240.128/25', true],
    ['second 10.0.0.0/8 172.31.240.0/24', true],
    ['beside 172.31.241.0/24', false],
    ['before 172.31.224.0/20', false],
    ['far fd00::/64', false],
    ['none', false],
    ['', false],
  ])('%s: %s', (line, taken) => {
    expect(overlapping('172.31.240', `bridge 172.17.0.0/16\n${line}`)).toHaveLength(taken ? 1 : 0);
  });
});
