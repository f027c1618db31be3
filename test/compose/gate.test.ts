import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../condition.ts';
import { failuresOf, startLoad } from '../load.ts';
import { Scrape } from '../scrape.ts';
import { createStack, expectDone, type TestStack } from '../stack.ts';

let stack: TestStack;

beforeAll(async () => {
  stack = await createStack('compose');
  expectDone(await stack.bluegreen('up'));
});

afterAll(() => stack.remove());

const docker = async (...args: string[]) => expectDone(await stack.run('docker', ...args)).stdout.trim();
const name = (service: string) => stack.prefix + service;
const idOf = (service: string) => docker('inspect', '--format', '{{.Id}}', name(service));
const inEdge = (...command: string[]) => docker('exec', name('nginx_proxy'), ...command);
const configuration = () => inEdge('cat', '/etc/nginx/nginx.conf.processed');
const gateLog = async () => {
  const { stdout, stderr } = await stack.run('docker', 'logs', name('edge_gate'));
  return stdout + stderr;
};
const serving = () => eventually('the site to serve', async () => (await stack.ask()).status === 200);
const proxyServing = () =>
  eventually('nginx_proxy to serve', async () => {
    const { exitCode } = await stack.run('docker', 'exec', name('nginx_proxy'), 'entrypoint.sh', 'serving');
    return exitCode === 0;
  });
/** Whether the gate has an nginx that accepts connections; one that finishes its own may be left. */
const standsIn = async () => {
  const titles = await docker('exec', name('edge_gate'), 'sh', '-c', 'cat /proc/[0-9]*/cmdline | tr "\\0" "\\n"');
  return /^nginx: worker process\s*$/m.test(titles);
};

describe('the edge on Docker Compose', () => {
  it('takes a changed setting by a reload, and keeps it over a restart', async () => {
    const before = await idOf('nginx_proxy');
    stack.configure({ PROXY_READ_TIMEOUT: '4s' });
    const load = startLoad(`${stack.url}/version`);
    expectDone(await stack.bluegreen('up'));
    expect(failuresOf(await load.stop())).toEqual([]);
    expect(await configuration()).toContain('proxy_read_timeout 4s;');
    await docker('restart', name('nginx_proxy'));
    await proxyServing();
    expect(await configuration()).toContain('proxy_read_timeout 4s;');
    expect(await idOf('nginx_proxy')).toBe(before);
  });

  it('names an invalid setting, and keeps the previous one', async () => {
    stack.configure({ PROXY_READ_TIMEOUT: '4s', PREVIEW_TOKEN: 'abc' });
    expect(await stack.bluegreen('up')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('PREVIEW_TOKEN'),
    });
    expect((await stack.ask()).status).toBe(200);
  });

  it('is replaced under load: no request fails, and no line of the log is lost or doubled', async () => {
    const before = await idOf('nginx_proxy');
    const gate = await idOf('edge_gate');
    await proxyServing();
    const counted = async () => {
      const answer = await fetch(`http://127.0.0.1:${stack.ports.watcher}/metrics`);
      const counts = Object.values(new Scrape(await answer.text()).of('bluegreen_requests_total'));
      return counts.reduce((sum, count) => sum + count, 0);
    };
    const countedBefore = await counted();
    stack.configure({ EDGE_MEMORY: '500m' });
    const load = startLoad(`${stack.url}/version?replaced=1`, 4);
    expectDone(await stack.bluegreen('up'));
    const answers = await load.stop();
    expect(failuresOf(answers)).toEqual([]);
    expect(await idOf('nginx_proxy')).not.toBe(before);
    expect(await idOf('edge_gate')).toBe(gate);
    await eventually('the gate to step back', async () => !(await standsIn()));
    await eventually(
      'the watcher to have read it all',
      async () => (await counted()) - countedBefore >= answers.length,
    );
    // The command itself asks as well.
    expect((await counted()) - countedBefore - answers.length).toBeLessThan(20);
  });

  it('is served by the gate while nginx_proxy is dead, and by nginx_proxy again after ./bluegreen up', async () => {
    await docker('kill', name('nginx_proxy'));
    await serving();
    expect(await standsIn()).toBe(true);
    const { stdout: status } = await stack.bluegreen('status');
    expect(status).toMatch(/^blue is active and serves/m);
    expect(status).toMatch(/^nginx_proxy is stopped .*edge_gate serves in its place/m);
    expectDone(await stack.bluegreen('switch', 'green'));
    expect((await stack.ask()).pool).toBe('green');
    expectDone(await stack.bluegreen('switch', 'blue'));
    expectDone(await stack.bluegreen('up'));
    await proxyServing();
    await eventually('the gate to step back', async () => !(await standsIn()));
    expect(await gateLog()).toContain('standing in: nginx_proxy does not listen');
  });

  it('comes back by itself after the gate was restarted', async () => {
    await docker('restart', '--time', '1', name('edge_gate'));
    await serving();
    await proxyServing();
    await eventually('the gate to step back', async () => !(await standsIn()));
  });

  it.each(['replacing', 'Recreate'])(
    'serves when the command is killed at "%s", and the next one completes it',
    async (at) => {
      stack.configure({ EDGE_MEMORY: at === 'Recreate' ? '501m' : '502m' });
      const load = startLoad(`${stack.url}/version`, 4);
      const command = stack.start('up');
      await command.says(new RegExp(at));
      command.kill();
      await serving();
      expectDone(await stack.bluegreen('up'));
      expect(failuresOf(await load.stop())).toEqual([]);
      await proxyServing();
      const memory = await docker('inspect', '--format', '{{.HostConfig.Memory}}', name('nginx_proxy'));
      expect(memory).toBe(String((at === 'Recreate' ? 501 : 502) * 2 ** 20));
    },
  );
});
