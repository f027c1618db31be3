import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { servicesOf } from '../../cli/engine/engine.ts';
import { eventually } from '../condition.ts';
import { expectFoundByARequest } from '../early-check.ts';
import { failuresOf, startLoad } from '../load.ts';
import { createStack, expectDone, type Outcome, type TestStack } from '../stack.ts';

let stack: TestStack;

beforeAll(async () => {
  stack = await createStack('compose');
});

afterAll(() => stack.remove());

const compose = (...args: string[]): Promise<Outcome> =>
  stack.run('docker', 'compose', '--env-file', stack.envFile, ...args);
const inside = async (service: string, ...command: string[]) =>
  expectDone(await compose('exec', '-T', service, ...command)).stdout;
const edge = async () => JSON.parse(expectDone(await stack.bluegreen('status', '--json')).stdout).edge;
const bothUp = () =>
  eventually('both pools to be up', async () => {
    const { down } = await edge();
    return !down.blue && !down.green;
  });

/** Without DOMAINS. */
const services = servicesOf('compose', { DOMAINS: undefined });

interface Listed {
  readonly Service: string;
  readonly State: string;
  readonly Health: string;
}

async function containers(): Promise<Listed[]> {
  const { stdout } = expectDone(await compose('ps', '--all', '--format', 'json'));
  return stdout.split('\n').map((line) => JSON.parse(line) as Listed);
}

describe('the stack on Docker Compose', () => {
  it('comes up with plain docker compose, every container healthy', async () => {
    expectDone(await compose('up', '--detach', '--build', '--wait'));
    const listed = await containers();
    expect(listed.map(({ Service }) => Service).sort()).toEqual([...services].sort());
    expect(listed.map(({ Health }) => Health)).toEqual(services.map(() => 'healthy'));
    expect(await stack.ask()).toMatchObject({ status: 200, pool: 'blue', release: 'blue-release-1.0.0' });
  });

  it('is not changed by ./bluegreen up, which prints what runs where', async () => {
    const ids = async () => expectDone(await compose('ps', '--quiet', '--no-trunc')).stdout;
    const before = await ids();
    const { stdout } = expectDone(await stack.bluegreen('up'));
    for (const port of Object.values(stack.ports)) expect(stdout).toContain(`:${port}`);
    expect(await ids()).toBe(before);
  });

  it('can be inspected as operators do', async () => {
    await stack.ask('/version?look=1');
    expect(await inside('nginx_proxy', 'cat', '/etc/nginx/nginx.conf.processed')).toContain('upstream blue_first');
    expect(await inside('nginx_proxy', 'tail', '-n', '5', '/var/log/nginx/access.log')).toContain('pool=blue');
    expect(await inside('app_green', 'wget', '-qO-', 'http://localhost:3000/healthz')).toContain('"pool":"green"');
    expect(expectDone(await stack.bluegreen('logs', 'access', '-n', '5')).stdout).toContain('pool=blue');
    expect(expectDone(await stack.bluegreen('doctor')).stdout).not.toMatch(/^error/m);
  });

  it('gives no container more privileges than it needs', async () => {
    for (const name of services) {
      const { stdout } = expectDone(await stack.run('docker', 'inspect', stack.prefix + name));
      const [{ Config, HostConfig }] = JSON.parse(stdout);
      expect(HostConfig).toMatchObject({ ReadonlyRootfs: true, CapDrop: ['ALL'], CapAdd: null, Privileged: false });
      expect(HostConfig.SecurityOpt).toContain('no-new-privileges:true');
      expect(HostConfig.Memory).toBeGreaterThan(0);
      expect(HostConfig.PidsLimit).toBeGreaterThan(0);
      expect(HostConfig.LogConfig.Config['max-size']).toBe('10m');
      expect(HostConfig.RestartPolicy.Name).toBe('unless-stopped');
      expect(['', '0', 'root', '0:0']).not.toContain(Config.User);
    }
    const writable = async (service: string, directory: string) =>
      (await compose('exec', '-T', service, 'test', '-w', directory)).exitCode === 0;
    expect(await writable('health_prober', '/var/lib/bluegreen/control')).toBe(true);
    expect(await writable('alert_watcher', '/var/lib/bluegreen/watcher')).toBe(true);
    expect(await writable('alert_watcher', '/var/lib/bluegreen/control')).toBe(false);
    expect(await writable('alert_watcher', '/var/log/nginx')).toBe(false);
  });

  it('serves the dashboard with all its files', async () => {
    for (const path of ['/', '/dashboard/main.js', '/dashboard/look.css', '/dashboard/uplot.js']) {
      const { status } = await fetch(`http://localhost:${stack.ports.watcher}${path}`);
      expect([path, status]).toEqual([path, 200]);
    }
  });

  it('installs production dependencies only', async () => {
    const modules = await inside('app_blue', 'ls', 'node_modules');
    expect(modules).toContain('express');
    for (const name of ['vitest', 'typescript', 'autocannon', 'commander', 'playwright-core'])
      expect(modules.split('\n')).not.toContain(name);
  });

  it('loses no request when the watcher and the prober are killed or frozen', async () => {
    const load = startLoad(`${stack.url}/version`, 8);
    for (const service of ['alert_watcher', 'health_prober']) {
      expectDone(await compose('pause', service));
      expectDone(await compose('unpause', service));
      expectDone(await compose('kill', service));
    }
    const before = load.answers.length;
    await eventually('requests without either', () => load.answers.length > before + 500);
    expectDone(await compose('start', 'alert_watcher', 'health_prober'));
    expect(failuresOf(await load.stop())).toEqual([]);
    await bothUp();
  });

  it("loses no request when a pool's container is recreated, and uses the new one", async () => {
    const load = startLoad(`${stack.url}/version`, 8);
    expectDone(await compose('up', '--detach', '--no-deps', '--force-recreate', 'app_blue'));
    await eventually(
      'blue to serve again',
      () => load.answers.at(-1)?.pool === 'blue' && edge().then(({ down }) => !down.blue),
    );
    expect(failuresOf(await load.stop())).toEqual([]);
  });

  it('detects a broken pool by the first request that fails, not by the next health check', () =>
    expectFoundByARequest(stack));

  it('switches under load, and keeps the active pool across down and up', async () => {
    await bothUp();
    const load = startLoad(`${stack.url}/version`, 8);
    for (const target of ['green', 'blue', 'green']) {
      expectDone(await stack.bluegreen('switch', target));
      expect((await stack.ask()).pool).toBe(target);
    }
    expect(failuresOf(await load.stop())).toEqual([]);
    expectDone(await stack.bluegreen('down'));
    expectDone(await stack.bluegreen('up'));
    expect((await stack.ask()).pool).toBe('green');
    expectDone(await stack.bluegreen('switch', 'blue'));
  });

  it('starts and serves while the standby is missing', async () => {
    expectDone(await stack.bluegreen('down'));
    expectDone(await compose('up', '--detach', '--no-deps', 'edge_gate', 'nginx_proxy', 'app_blue', 'health_prober'));
    await eventually('blue to serve', async () => (await stack.ask()).pool === 'blue');
    expect((await containers()).map(({ Service }) => Service)).not.toContain('app_green');
  });

  it('starts and serves while the standby is broken', async () => {
    stack.configure({ RELEASE_ID_GREEN: 'green-2' });
    expectDone(await compose('up', '--detach'));
    expectDone(await compose('kill', 'app_green'));
    expectDone(await compose('up', '--detach', '--no-deps', '--force-recreate', 'nginx_proxy'));
    await eventually('blue to serve', async () => (await stack.ask()).pool === 'blue');
    stack.configure({});
    expectDone(await stack.bluegreen('up'));
    await bothUp();
  });

  it('never runs the demo app in place of an image that cannot be pulled', async () => {
    stack.configure({ GREEN_IMAGE: 'localhost:1/shop/app:1.2.3' });
    const before = (await containers()).length;
    const { exitCode, stderr } = await stack.bluegreen('up');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('localhost:1');
    expect(await containers()).toHaveLength(before);
    expect((await stack.ask()).status).toBe(200);
    stack.configure({});
  });

  it('lets the edge report invalid settings, for those who do not use ./bluegreen', async () => {
    stack.configure({ PROXY_READ_TIMEOUT: 'soon', LOG_MAX_MB: '-1' });
    expectDone(await compose('up', '--detach', '--no-deps', 'nginx_proxy'));
    await eventually('the error in the log', async () => {
      const { stdout } = await compose('logs', '--no-log-prefix', 'nginx_proxy');
      return (
        /PROXY_READ_TIMEOUT: expected a time.*got "soon"/.test(stdout) &&
        /LOG_MAX_MB: expected a whole number/.test(stdout)
      );
    });
    stack.configure({});
    expectDone(await stack.bluegreen('up'));
  });

  it('keeps the webhook out of every log, whatever fails', async () => {
    const secret = 'T0SECRET/B0SECRET/hush';
    stack.configure({ SLACK_WEBHOOK_URL: `http://127.0.0.1:9/services/${secret}`, ALERT_COOLDOWN_SEC: '0' });
    expectDone(await stack.bluegreen('up'));
    expectDone(await stack.bluegreen('chaos', 'blue', 'kill'));
    await eventually('a failed delivery', async () => {
      await stack.ask();
      const answer = await fetch(`http://127.0.0.1:${stack.ports.watcher}/healthz`);
      const text = await answer.text();
      expect(text).not.toContain('hush');
      return JSON.parse(text).slack.queued > 0;
    });
    expectDone(await stack.bluegreen('chaos', 'blue', 'stop'));
    const { stdout, stderr } = await compose('logs');
    expect(stdout + stderr).not.toContain('hush');
    expect((await stack.bluegreen('status')).stdout).not.toContain('hush');
  });

  it('leaves nothing behind', async () => {
    expectDone(await stack.bluegreen('down', '--volumes'));
    const left = await Promise.all([
      stack.run('docker', 'ps', '--all', '--quiet', '--filter', `name=${stack.prefix}`),
      stack.run('docker', 'volume', 'ls', '--quiet', '--filter', `name=${stack.prefix}`),
      stack.run('docker', 'network', 'ls', '--quiet', '--filter', `name=${stack.prefix}`),
    ]);
    expect(left.map(({ stdout }) => stdout)).toEqual(['', '', '']);
  });
});
