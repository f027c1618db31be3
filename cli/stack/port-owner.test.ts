import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import type { Port } from './port-owner.ts';

/** Runs a function of port-owner.ts in a process that may not listen on privileged ports. */
async function withoutPrivilege(name: 'forbiddenPorts' | 'takenPorts', ports: readonly Port[]): Promise<unknown> {
  const module = fileURLToPath(new URL('port-owner.ts', import.meta.url));
  const script = `const { ${name} } = await import(${JSON.stringify(module)});
console.log(JSON.stringify((await ${name}(${JSON.stringify(ports)})) ?? null));`;
  const node = [process.execPath, '--input-type=module', '--eval', script];
  const dropped = '-net_bind_service';
  const asRoot = ['setpriv', `--bounding-set=${dropped}`, `--inh-caps=${dropped}`, ...node];
  const [command = '', ...args] = process.getuid?.() === 0 ? asRoot : node;
  return JSON.parse((await execa(command, args)).stdout);
}

const lowestFree = Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8'));

it.skipIf(lowestFree < 4)(
  'ports that only root may listen on are named, with what to do, and are not taken',
  async () => {
    const address = '127.0.0.1';
    const ports = [
      { name: 'HTTPS_PORT', port: 3, address },
      { name: 'NGINX_PORT', port: 2, address },
      { name: 'BLUE_PORT', port: 0, address },
    ];
    expect(await withoutPrivilege('forbiddenPorts', ports)).toMatch(
      /^only root may listen on 3 \(HTTPS_PORT\) and 2 \(NGINX_PORT\): .*ip_unprivileged_port_start=2$/,
    );
    expect(await withoutPrivilege('takenPorts', ports)).toEqual([]);
    expect(await withoutPrivilege('forbiddenPorts', ports.slice(2))).toBeNull();
  },
);
