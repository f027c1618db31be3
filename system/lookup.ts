import { isIPv6, type LookupFunction } from 'node:net';

/** Makes connections to any name go to one address instead, whatever DNS says; the name stays in the request and in TLS. */
export function lookupAs(address: string): LookupFunction {
  const family = isIPv6(address) ? 6 : 4;
  return (_name, { all }, found) => {
    if (all) found(null, [{ address, family }]);
    else found(null, address, family);
  };
}
