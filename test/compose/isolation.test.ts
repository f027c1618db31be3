import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { servicesOf } from '../../cli/engine/engine.ts';
import { eventually } from '../condition.ts';
import { createStack, expectDone, type TestStack } from '../stack.ts';

const secrets = {
  SLACK_WEBHOOK_URL: 'http://127.0.0.1:9/services/T0/B0/hush-slack',
  ALERT_WEBHOOKS: 'discord=http://127.0.0.1:9/hush-discord',
  ALERT_WEBHOOK_SECRET: 'hush-the-key-that-signs',
  PREVIEW_TOKEN: 'hush-the-preview-token',
};
const directory = mkdtempSync(join(tmpdir(), 'bluegreen-secrets-'));
let stack: TestStack;

const fileOf = (name: string, content: string) => {
  const path = join(directory, name);
  writeFileSync(path, content, { mode: 0o644 });
  return path;
};
const files = Object.entries(secrets).map(([name, value]) => [`${name}_FILE`, fileOf(name, `${value}\n`)] as const);

beforeAll(async () => {
  stack = await createStack('compose', { NGINX_BIND: '127.0.0.1', ...Object.fromEntries(files) });
  // What a stack with a single network leaves when it is stopped by force.
  const prefix = await settingOf('SUBNET_PREFIX');
  stack.configure({ TRUSTED_PROXIES: `${prefix}.1` });
  const subnet = `${prefix}.0/24`;
  expectDone(await stack.run('docker', 'network', 'create', '--subnet', subnet, `${stack.prefix}bluegreen_bluegreen`));
  expectDone(await stack.bluegreen('up'));
});

afterAll(async () => {
  await stack.remove();
  rmSync(directory, { recursive: true });
});

const docker = async (...args: string[]) => expectDone(await stack.run('docker', ...args)).stdout;
const settingOf = async (name: string) => (await stack.run('sed', '-n', `s/^${name}=//p`, stack.envFile)).stdout.trim();

async function addressesOf(service: string): Promise<string[]> {
  const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}';
  return (await docker('inspect', '--format', format, stack.prefix + service)).trim().split(' ');
}

/** Status, or "nothing": what a request from a container gets. */
async function askFrom(service: string, method: string, url: string): Promise<string> {
  const script = `fetch('${url}', { method: '${method}', signal: AbortSignal.timeout(700) })
    .then(({ status }) => status, () => 'nothing').then((seen) => { console.log(seen); process.exit(); })`;
  return docker('exec', stack.prefix + service, 'node', '-e', script);
}

describe('the networks of the containers', () => {
  it.each(['app_blue', 'app_green'] as const)(
    'let %s reach neither watcher, prober nor the other pool',
    async (pool) => {
      const other = pool === 'app_blue' ? 'app_green' : 'app_blue';
      for (const [service, port] of [
        ['alert_watcher', 8083],
        ['health_prober', 8085],
        [other, 3000],
      ] as const)
        for (const host of [service, ...(await addressesOf(service))])
          expect([host, await askFrom(pool, 'GET', `http://${host}:${port}/healthz`)]).toEqual([host, 'nothing']);
    },
  );

  it('let only the watcher ask the prober for a check', async () => {
    const addresses = await addressesOf('health_prober');
    const answers = await Promise.all(
      addresses.map((address) => askFrom('alert_watcher', 'POST', `http://${address}:8085/check/blue`)),
    );
    expect(answers.toSorted()).toEqual(['204', 'nothing', 'nothing']);
    for (const address of addresses) {
      const curl = ['curl', '-sS', '-m', '0.7', '-X', 'POST', `http://${address}:8085/check/blue`];
      const { exitCode } = await stack.run('docker', 'exec', `${stack.prefix}nginx_proxy`, ...curl);
      // Refused, or no answer.
      expect([address, [7, 28].includes(exitCode ?? 0)]).toEqual([address, true]);
    }
  });

  it('leave the direct ports open', async () => {
    for (const port of [stack.ports.blue, stack.ports.green, stack.ports.watcher])
      expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
  });

  it('show a proxy on this machine to the edge as the documented address, so that it can be trusted', async () => {
    await fetch(`${stack.url}/by-proxy`, { headers: { 'X-Forwarded-For': '203.0.113.7' } });
    await eventually('the visitor in the log', async () =>
      /remote_addr=203\.0\.113\.7 /.test(
        await docker('exec', `${stack.prefix}nginx_proxy`, 'grep', '/by-proxy', '/var/log/nginx/access.log'),
      ),
    );
  });

  it('replace the single network of an older stack', async () => {
    const names = await docker('network', 'ls', '--format', '{{.Name}}', '--filter', `name=${stack.prefix}`);
    expect(names.split('\n').toSorted()).toEqual(
      ['blue', 'edge', 'green', 'watch'].map((name) => `${stack.prefix}bluegreen_${name}`),
    );
  });
});

describe('secrets in files', () => {
  it('work, and docker inspect shows none of them', async () => {
    const watcher = await fetch(`http://127.0.0.1:${stack.ports.watcher}/metrics`);
    const metrics = await watcher.text();
    for (const channel of ['slack', 'discord']) expect(metrics).toContain(`channel="${channel}"`);
    const headers = { 'X-Bluegreen-Preview': secrets.PREVIEW_TOKEN };
    expect((await fetch(`${stack.url}/version`, { headers })).headers.get('x-app-pool')).toBe('green');
    const names = servicesOf('compose', { DOMAINS: undefined });
    for (const name of names) expect(await docker('inspect', stack.prefix + name)).not.toContain('hush-');
  });

  it('that are wrong are named by the edge, with the file but not its content', async () => {
    stack.configure({ PREVIEW_TOKEN_FILE: fileOf('wrong', 'hush!\n') });
    const compose = ['compose', '--env-file', stack.envFile];
    await stack.run('docker', ...compose, 'up', '--detach', '--no-deps', 'nginx_proxy');
    const printed = () => stack.run('docker', ...compose, 'logs', '--no-log-prefix', 'nginx_proxy');
    const { stdout, stderr } = await eventually('the edge to complain', async () => {
      const outcome = await printed();
      return (outcome.stdout + outcome.stderr).includes('PREVIEW_TOKEN_FILE, in') ? outcome : undefined;
    });
    expect(stdout + stderr).not.toContain('hush');
    stack.configure({});
    expectDone(await stack.bluegreen('up'));
  });
});

describe('the public port', () => {
  it('is published on NGINX_BIND only', async () => {
    const published = await docker('port', `${stack.prefix}edge_gate`, '8080');
    expect(published).toBe(`127.0.0.1:${stack.ports.nginx}`);
    expect((await stack.ask()).status).toBe(200);
  });
});

describe('the processes of the containers', () => {
  it('have an init process above them, and a stop takes no longer than the app', async () => {
    for (const service of ['app_blue', 'health_prober', 'alert_watcher'])
      expect(await docker('exec', stack.prefix + service, 'cat', '/proc/1/comm')).toMatch(/init|tini/);
    const startedAt = performance.now();
    await docker('stop', '--time', '30', `${stack.prefix}app_green`);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    const format = '{{.State.ExitCode}} {{.State.OOMKilled}}';
    expect(await docker('inspect', '--format', format, `${stack.prefix}app_green`)).toBe('0 false');
    stack.configure({ APP_INIT: 'false' });
    expectDone(await stack.bluegreen('up'));
    expect(await docker('exec', `${stack.prefix}app_blue`, 'cat', '/proc/1/comm')).toMatch(/node|MainThread/);
  });
});
