/** Where to connect for an origin such as `http://127.0.0.1:3000`. */
export function addressOf(origin: string): { readonly host: string; readonly port: number } {
  const { hostname, port } = new URL(origin);
  // An IPv6 address has brackets in a URL only, and the port of HTTP is left out.
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port) || 80 };
}
