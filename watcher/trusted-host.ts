import { isIP } from 'node:net';

/**
 * Against DNS rebinding: a page on the internet whose name suddenly means 127.0.0.1 would read the dashboard through its
 * visitor's browser, as a page of its own. Such a name always has a dot. Addresses, `localhost` and names of containers
 * cannot be had by an attacker.
 * @param host what the request's Host header says
 * @param names further ones that are known to be ours
 */
export function isTrustedHost(host: string | undefined, names: readonly string[] = []): boolean {
  if (host === undefined || !URL.canParse(`http://${host}`)) return false;
  const { hostname, pathname, username } = new URL(`http://${host}`);
  if (pathname !== '/' || username !== '') return false;
  const name = hostname.replace(/^\[(.*)\]$/, '$1');
  return isIP(name) !== 0 || !name.includes('.') || name.endsWith('.localhost') || names.includes(name);
}
