import { describe, expect, it } from 'vitest';
import { domainFindings, type Resolve } from './domains.ts';

const own = ['203.0.113.7', '2001:db8::7'];
const found = (resolve: Resolve) => domainFindings(['shop.example'], { resolve, own });
const at =
  (...addresses: readonly string[]): Resolve =>
  async () =>
    addresses;

describe('a domain whose DNS', () => {
  it('points at this machine is fine', async () => {
    expect(await found(at('203.0.113.7', '2001:db8::7'))).toEqual([
      { level: 'ok', text: 'shop.example points at this machine (203.0.113.7, 2001:db8::7)' },
    ]);
  });

  it('points elsewhere is a warning that names both addresses, as it can be right', async () => {
    const [finding] = await found(at('198.51.100.9'));
    expect(finding?.level).toBe('warning');
    expect(finding?.text).toMatch(
      /^shop\.example points at 198\.51\.100\.9; this machine has 203\.0\.113\.7, 2001:db8::7: .*unless a NAT or a load balancer/,
    );
  });

  it('has one address elsewhere is a warning too: the CA may ask that one', async () => {
    const [finding] = await found(at('203.0.113.7', '2001:db8::bad'));
    expect(finding?.text).toMatch(/^shop\.example also points at 2001:db8::bad; /);
  });

  it('has no address is a warning', async () => {
    const [finding] = await found(at());
    expect(finding).toMatchObject({ level: 'warning', text: expect.stringContaining('has no address in DNS') });
  });

  it('cannot be asked is a warning that says why', async () => {
    const [finding] = await found(() => Promise.reject(Object.assign(new Error('queryA'), { code: 'ETIMEOUT' })));
    expect(finding?.text).toBe('shop.example cannot be looked up in DNS: ETIMEOUT');
  });

  it('is that of a wildcard has nothing to look up', async () => {
    expect(await domainFindings(['*.shop.example'], { resolve: at(), own })).toEqual([]);
  });
});
