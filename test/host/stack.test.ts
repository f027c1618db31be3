import { readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report } from '../../cli/engine/host/state-directory.ts';
import { pools } from '../../settings/pool.ts';
import { fileSecrets } from '../../settings/secret-files.ts';
import { settingNames, variableNames } from '../../settings/variables.ts';
import { processInfo } from '../../system/process-info.ts';
import { eventually } from '../condition.ts';
import { expectFoundByARequest } from '../early-check.ts';
import { failuresOf, startLoad } from '../load.ts';
import { createStack, expectDone, root, type TestStack } from '../stack.ts';

let stack: TestStack;

beforeAll(async () => {
  stack = await createStack('host');
});

afterAll(() => stack.remove());

const stateDirectory = () => join(root, '.bluegreen/stacks', stack.prefix);
const report = (): Report => JSON.parse(readFileSync(join(stateDirectory(), 'report.json'), 'utf8'));
const pidOf = (name: string) => report().services.find((service) => service.name === name)?.process?.pid ?? 0;
/** Never with 0, which stands for the tests themselves. */
function signal(pid: number, name: NodeJS.Signals): void {
  if (pid === 0) throw new Error('the service is not running');
  process.kill(pid, name);
}
const serving = () => eventually('the site to serve', async () => (await stack.ask()).status === 200);

describe('./bluegreen on the host engine', () => {
  it('says what to do if the stack is not running', async () => {
    for (const command of [['status'], ['switch', 'green'], ['chaos', 'blue', 'kill']]) {
      expect(await stack.bluegreen(...command)).toMatchObject({
        exitCode: 1,
        stderr: expect.stringContaining('Next: ./bluegreen up'),
      });
    }
  });

  it('reports all invalid settings at once, and starts nothing', async () => {
    const secret = 'not-a-url/services/T1/B2/secret';
    const wrong = Object.fromEntries(variableNames.map((name) => [name, '\t?']));
    stack.configure({ ...wrong, SLACK_WEBHOOK_URL: secret, STACK_PREFIX: '?' });
    const { exitCode, stderr } = await stack.bluegreen('up');
    expect(exitCode).toBe(2);
    // These accept any text.
    const freeText = [
      'ALERT_IDENTIFIER',
      'ACME_CA_FILE',
      'BLUEGREEN_ACTOR',
      'BLUE_CMD',
      'GREEN_CMD',
      'HOOKS_DIR',
      'TLS_CERTIFICATE_FILE',
      'TLS_KEY_FILE',
      ...fileSecrets.map((name) => `${name}_FILE`),
    ];
    for (const name of settingNames) if (!freeText.includes(name)) expect(stderr).toContain(`  ${name}: expected `);
    expect(stderr).not.toContain(secret);
    stack.configure({});
  });

  it('reports settings that contradict each other', async () => {
    stack.configure({
      GREEN_PORT: String(stack.ports.blue),
      SLACK_WEBHOOK_URL: 'http://127.0.0.1/x',
      SLACK_WEBHOOK_URL_FILE: '/nowhere',
      ALERT_WEBHOOKS_FILE: '/nowhere',
    });
    const { exitCode, stderr } = await stack.bluegreen('up');
    expect(exitCode).toBe(2);
    expect(stderr).toContain(
      `GREEN_PORT: expected a port that no other setting uses, got ${stack.ports.blue}, which BLUE_PORT uses too`,
    );
    expect(stderr).toContain('SLACK_WEBHOOK_URL, SLACK_WEBHOOK_URL_FILE: expected only one of them, got both');
    expect(stderr).toContain('ALERT_WEBHOOKS_FILE: expected a readable file, got ENOENT for /nowhere');
    stack.configure({});
  });

  it('names the owner of a port that is taken, and starts nothing', async () => {
    const other = createServer().listen(stack.ports.nginx, '127.0.0.1');
    const { exitCode, stderr } = await stack.bluegreen('up');
    other.close();
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      new RegExp(`port ${stack.ports.nginx} \\(NGINX_PORT\\) is taken by \\S.* \\(pid ${process.pid}\\)`),
    );
    expect((await stack.bluegreen('status')).exitCode).toBe(1);
  });

  it('names the owner of a port that it derives from WATCHER_PORT', async () => {
    const other = createServer().listen(stack.proberPort, '127.0.0.1');
    const { exitCode, stderr } = await stack.bluegreen('up');
    other.close();
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      new RegExp(
        `port ${stack.proberPort} \\(next to WATCHER_PORT, for the prober\\) is taken by .* \\(pid ${process.pid}\\)`,
      ),
    );
  });

  it('comes up with one command, says what runs where, and serves', async () => {
    const { stdout } = expectDone(await stack.bluegreen('up'));
    for (const port of Object.values(stack.ports)) expect(stdout).toContain(`:${port}`);
    const { status, pool, release, body } = await stack.ask();
    expect({ status, pool, release }).toEqual({ status: 200, pool: 'blue', release: 'blue-release-1.0.0' });
    expect(JSON.parse(body)).toEqual({ status: 'healthy', pool: 'blue', release: 'blue-release-1.0.0' });
  });

  it('changes nothing when it is up already', async () => {
    const before = report();
    expectDone(await stack.bluegreen('up'));
    expect(report().services).toEqual(before.services);
  });

  it('works from any directory', async () => {
    const { stdout } = await stack.run(
      'sh',
      '-c',
      `cd / && ${root}/bluegreen --engine host --env-file ${stack.envFile} status --json`,
    );
    expect(JSON.parse(stdout)).toMatchObject({ engine: 'host', edge: { active: 'blue', serving: 'blue' } });
  });

  it('applies changed settings by restarting only the services concerned', async () => {
    const before = { blue: pidOf('app_blue'), green: pidOf('app_green'), nginx: pidOf('nginx_proxy') };
    stack.configure({ RELEASE_ID_GREEN: 'green-2.0.0' });
    expectDone(await stack.bluegreen('up'));
    await eventually('the new release', async () => (await stack.bluegreen('status')).stdout.includes('green-2.0.0'));
    expect(pidOf('app_green')).not.toBe(before.green);
    expect({ blue: pidOf('app_blue'), nginx: pidOf('nginx_proxy') }).toEqual({
      blue: before.blue,
      nginx: before.nginx,
    });
  });

  it('applies a changed setting of the edge by a reload', async () => {
    const before = pidOf('nginx_proxy');
    stack.configure({ RELEASE_ID_GREEN: 'green-2.0.0', PROXY_READ_TIMEOUT: '4s' });
    expectDone(await stack.bluegreen('up'));
    const { RUN_DIR = '' } = JSON.parse(readFileSync(join(stateDirectory(), 'plan.json'), 'utf8')).services.find(
      ({ name }: { name: string }) => name === 'nginx_proxy',
    ).env;
    expect(readFileSync(join(RUN_DIR, '../nginx.conf.processed'), 'utf8')).toContain('proxy_read_timeout 4s;');
    expect(pidOf('nginx_proxy')).toBe(before);
    signal(before, 'SIGKILL');
    await eventually('another nginx', () => pidOf('nginx_proxy') !== before && pidOf('nginx_proxy') !== 0);
    await serving();
    expect(readFileSync(join(RUN_DIR, '../nginx.conf.processed'), 'utf8')).toContain('proxy_read_timeout 4s;');
  });

  it('switches under load without a failed request and without one from the wrong pool afterwards', async () => {
    const load = startLoad(`${stack.url}/version`);
    for (const target of ['green', 'blue', 'green', 'blue', 'green'] as const) {
      expect(expectDone(await stack.bluegreen('switch', target)).stdout).toMatch(/→ \w+ in \d+ ms/);
      expect((await stack.ask()).pool).toBe(target);
    }
    expect(failuresOf(await load.stop())).toEqual([]);
    expect((await stack.bluegreen('switch', 'green')).stdout).toContain('already active');
  });

  it('keeps the active pool across down and up', async () => {
    expectDone(await stack.bluegreen('down'));
    expectDone(await stack.bluegreen('up'));
    expect((await stack.ask()).pool).toBe('green');
    expectDone(await stack.bluegreen('switch', 'blue'));
  });

  it('refuses to switch to a pool that is not healthy, unless it is forced', async () => {
    expectDone(await stack.bluegreen('chaos', 'green', 'error'));
    expect(await stack.bluegreen('switch', 'green')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('blue stays active'),
    });
    expect((await stack.ask()).pool).toBe('blue');
    expectDone(await stack.bluegreen('switch', 'green', '--force'));
    expect(JSON.parse((await stack.bluegreen('status', '--json')).stdout).edge.active).toBe('green');
    expectDone(await stack.bluegreen('switch', 'blue', '--force'));
    expectDone(await stack.bluegreen('chaos', 'green', 'stop'));
    await eventually(
      'green to be up',
      async () => !JSON.parse((await stack.bluegreen('status', '--json')).stdout).edge.down.green,
    );
  });

  it('carries out two commands at the same time', async () => {
    for (const [mode, state] of [
      ['shutdown', 'stopped'],
      ['stop', 'running'],
    ]) {
      const startedAt = Date.now();
      const both = await Promise.all(pools.map((pool) => stack.bluegreen('chaos', pool, mode ?? '')));
      for (const outcome of both) expectDone(outcome);
      expect(Date.now() - startedAt).toBeLessThan(15_000);
      const status = JSON.parse(expectDone(await stack.bluegreen('status', '--json')).stdout);
      const states = status.services.filter(({ name }: { name: string }) => name.startsWith('app_'));
      expect(states).toMatchObject([{ state }, { state }]);
    }
    await serving();
  });

  it('restarts a service that dies, while the site serves', async () => {
    const load = startLoad(`${stack.url}/version`);
    for (const name of ['app_blue', 'alert_watcher', 'health_prober'] as const) {
      const before = pidOf(name);
      signal(before, 'SIGKILL');
      await eventually(`${name} to be back`, () => pidOf(name) !== before && processInfo(pidOf(name)) !== undefined);
    }
    expect(failuresOf(await load.stop())).toEqual([]);
  });

  it('brings the edge back when nginx is killed', async () => {
    const before = pidOf('nginx_proxy');
    signal(before, 'SIGKILL');
    await eventually('another nginx', () => pidOf('nginx_proxy') !== before && pidOf('nginx_proxy') !== 0);
    await serving();
  });

  it('serves while the prober is frozen or killed with its flags set', async () => {
    expectDone(await stack.bluegreen('chaos', 'blue', 'error'));
    await eventually(
      'the flag',
      async () => JSON.parse((await stack.bluegreen('status', '--json')).stdout).edge.down.blue,
    );
    const load = startLoad(`${stack.url}/version`);
    signal(pidOf('health_prober'), 'SIGSTOP');
    expectDone(await stack.bluegreen('chaos', 'blue', 'stop'));
    expectDone(await stack.bluegreen('chaos', 'green', 'kill'));
    await eventually('blue to serve despite its flag', () => load.answers.at(-1)?.pool === 'blue');
    signal(pidOf('health_prober'), 'SIGKILL');
    await eventually(
      'the flag to go',
      async () => !JSON.parse((await stack.bluegreen('status', '--json')).stdout).edge.down.blue,
    );
    expectDone(await stack.bluegreen('chaos', 'green', 'stop'));
    expect(failuresOf(await load.stop())).toEqual([]);
  });

  it('detects a broken pool by the first request that fails, not by the next health check', () =>
    expectFoundByARequest(stack, { RELEASE_ID_GREEN: 'green-2.0.0' }));

  it('cleans up after a supervisor that was killed', async () => {
    const before = report();
    process.kill(before.supervisor.pid, 'SIGKILL');
    await eventually('the supervisor to be gone', () => processInfo(before.supervisor.pid) === undefined);
    expect((await stack.ask()).status).toBe(200);
    expectDone(await stack.bluegreen('up'));
    for (const service of before.services)
      expect(processInfo(service.process?.pid ?? 0)?.startedAt).not.toBe(service.process?.startedAt);
    await serving();
  });

  it('serves without a standby, and with a broken one', async () => {
    expectDone(await stack.bluegreen('chaos', 'green', 'kill'));
    expect((await stack.ask()).pool).toBe('blue');
    expectDone(await stack.bluegreen('down'));
    expectDone(await stack.bluegreen('up'));
    expectDone(await stack.bluegreen('chaos', 'green', 'reset'));
    expect((await stack.ask()).pool).toBe('blue');
    expectDone(await stack.bluegreen('chaos', 'green', 'stop'));
  });

  it('shows logs, including the access log', async () => {
    await stack.ask('/version?from=logs');
    expect((await stack.bluegreen('logs', 'access', '-n', '200')).stdout).toContain('uri="/version"');
    expect((await stack.bluegreen('logs', 'health_prober')).stdout).toContain('checking both pools');
    expect(await stack.bluegreen('logs', 'nobody')).toMatchObject({ exitCode: 2 });
    expect(await stack.bluegreen('logs', '-n', 'x')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('got "x"'),
    });
  });

  it('doctor finds no error in a healthy stack, and a broken service in another', async () => {
    await eventually('a clean bill of health', async () => (await stack.bluegreen('doctor')).exitCode === 0);
    expectDone(await stack.bluegreen('chaos', 'green', 'kill'));
    expect(await stack.bluegreen('doctor')).toMatchObject({
      exitCode: 1,
      stdout: expect.stringMatching(/error +app_green/),
    });
    expectDone(await stack.bluegreen('chaos', 'green', 'stop'));
  });

  it('refuses unknown arguments with exit code 2', async () => {
    for (const wrong of [['dance'], ['switch', 'red'], ['chaos', 'blue', 'sneeze'], ['status', '--loud']]) {
      expect((await stack.bluegreen(...wrong)).exitCode).toBe(2);
    }
    expect((await stack.run('./bluegreen', '--engine', 'podman', 'status')).exitCode).toBe(2);
  });

  it('prints no error if the reader closes the pipe', async () => {
    const command = `${root}/bluegreen --engine host --env-file ${stack.envFile} doctor | head -n 1`;
    expect((await stack.run('sh', '-c', command)).stderr).toBe('');
  });

  it('names a setting that is gone, and what to write instead', async () => {
    stack.configure({ GRAFANA_PORT: '3001' });
    const sentence = expect.stringMatching(/GRAFANA_PORT is no longer a setting .* docker-compose\.override\.yml/);
    expect(await stack.bluegreen('up')).toMatchObject({ exitCode: 0, stderr: sentence });
    expect(await stack.bluegreen('doctor')).toMatchObject({ stdout: sentence });
    stack.configure({});
  });

  it('refuses images without Docker', async () => {
    stack.configure({ BLUE_IMAGE: 'registry.example/shop:1' });
    expect(await stack.bluegreen('up')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('BLUE_IMAGE is set'),
    });
    stack.configure({});
  });

  it('leaves no process behind', async () => {
    const before = report();
    expectDone(await stack.bluegreen('down', '--volumes'));
    for (const service of before.services) {
      expect(processInfo(service.process?.pid ?? 0)?.startedAt).not.toBe(service.process?.startedAt);
    }
    expect(processInfo(before.supervisor.pid)).toBeUndefined();
    rmSync(stateDirectory(), { recursive: true, force: true });
  });
});
