import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import type { StackSettings } from '../../stack/stack.ts';
import { CommandError } from '../../terminal/command-error.ts';
import { progress } from '../../terminal/terminal.ts';
import { programPath } from './plan.ts';

/** System programs that are used, and the Debian packages that contain them. */
const packageOf = {
  nginx: 'nginx',
  curl: 'curl',
  envsubst: 'gettext-base',
  lego: 'lego',
  pebble: 'pebble',
  shellcheck: 'shellcheck',
  prometheus: 'prometheus',
  'prometheus-alertmanager': 'prometheus-alertmanager',
  chromium: 'chromium',
  openssl: 'openssl',
  sslscan: 'sslscan',
} as const;
export type Tool = keyof typeof packageOf;

/** Programs that serve the same purpose under another name. */
const alternatives: { readonly [tool in Tool]?: readonly string[] } = {
  chromium: ['chromium-browser', 'google-chrome'],
};

export const edgeTools = ['nginx', 'curl', 'envsubst'] as const satisfies Tool[];
/** Needed only by tests of the edge. */
export const edgeTestTools = ['openssl', 'sslscan'] as const satisfies Tool[];
/** Needed only by the tests of certificates: lego, and a CA with its DNS server in one package. */
export const certificateTestTools = ['lego', 'pebble'] as const satisfies Tool[];
/** Needed only by the tests of the dashboard and the monitoring profile. promtool and amtool are in these packages. */
export const viewTestTools = ['chromium', 'prometheus', 'prometheus-alertmanager'] as const satisfies Tool[];

/** Services that Debian would start, at once and on each boot. */
const services = ['nginx', 'prometheus', 'prometheus-alertmanager'] as const satisfies Tool[];

const serviceStartPolicy = '/usr/sbin/policy-rc.d';

/** What a stack with these settings needs. */
export function toolsFor({ DOMAINS, TLS_CERTIFICATE_FILE }: StackSettings): readonly Tool[] {
  return DOMAINS !== undefined && TLS_CERTIFICATE_FILE === undefined ? [...edgeTools, 'lego'] : edgeTools;
}

export function isInstalled(tool: Tool): boolean {
  const directories = programPath().split(delimiter);
  return [tool, ...(alternatives[tool] ?? [])].some((name) =>
    directories.some((directory) => existsSync(join(directory, name))),
  );
}

/**
 * On Debian and Ubuntu, installs missing programs if run as root, and says so.
 * @throws {CommandError} otherwise, with the packages to install
 */
export async function ensureInstalled(tools: readonly Tool[]): Promise<void> {
  const absent = tools.filter((tool) => !isInstalled(tool));
  if (absent.length === 0) return;
  const missing = absent.map((tool) => packageOf[tool]);
  const names = missing.join(' ');
  if (!existsSync('/usr/bin/apt-get')) {
    throw new CommandError(`missing: ${names}`, { next: `install ${names} with your package manager and try again` });
  }
  if (process.getuid?.() !== 0) {
    throw new CommandError(`missing: ${names}`, { next: `sudo apt-get install ${names}` });
  }
  progress(`installing ${names} (apt-get)`);
  await withoutServiceStart(absent, async () => {
    await aptGet('update');
    await aptGet('install', '--yes', '--no-install-recommends', ...missing);
  });
}

/** Only the programs are needed, but Debian would also start their services, such as a web server on port 80. */
async function withoutServiceStart(tools: readonly Tool[], install: () => Promise<void>): Promise<void> {
  const ours = !existsSync(serviceStartPolicy);
  if (ours) writeFileSync(serviceStartPolicy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    await install();
  } finally {
    if (ours) rmSync(serviceStartPolicy, { force: true });
  }
  const installed = services.filter((service) => tools.includes(service));
  if (installed.length > 0 && existsSync('/run/systemd/system'))
    await execa('systemctl', ['disable', ...installed], { reject: false, stdio: 'ignore' });
}

async function aptGet(...args: string[]): Promise<void> {
  const result = await execa('apt-get', ['-q', ...args], {
    env: { DEBIAN_FRONTEND: 'noninteractive' },
    stdin: 'ignore',
    all: true,
    reject: false,
  });
  if (result.exitCode === 0) return;
  throw new CommandError(`apt-get ${args[0]} failed:\n${result.all.split('\n').slice(-10).join('\n')}`);
}
