import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { eventually } from '../test/condition.ts';
import { freePorts } from '../test/free-port.ts';

type Mood = 'healthy' | 'error' | 'late' | 'hang' | 'cut off';

const lateMs = 300;

/** A pool whose health a test can change, and that counts its connections and requests. */
class StandIn {
  mood: Mood = 'healthy';
  connections = 0;
  requests = 0;
  /** Requests in flight, now and at most. */
  open = 0;
  mostOpen = 0;
  port = 0;
  readonly server: Server = createServer((_, response) => {
    this.requests += 1;
    this.open += 1;
    this.mostOpen = Math.max(this.mostOpen, this.open);
    response.on('close', () => {
      this.open -= 1;
    });
    if (this.mood === 'hang') return;
    if (this.mood === 'late') {
      setTimeout(() => response.end('{}'), lateMs);
      return;
    }
    if (this.mood === 'cut off') {
      response.writeHead(200, { 'Content-Length': 100 });
      response.write('{', () => response.destroy());
      return;
    }
    response.writeHead(this.mood === 'healthy' ? 200 : 500).end('{}');
  });

  async listen(): Promise<void> {
    this.server.on('connection', () => {
      this.connections += 1;
    });
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    this.port = (this.server.address() as AddressInfo).port;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

const root = join(import.meta.dirname, '..');
let control: string;
let blue: StandIn;
let green: StandIn;
let prober: ChildProcess | undefined;
let output: string;
let origin: string;

beforeEach(async () => {
  control = mkdtempSync(join(tmpdir(), 'bluegreen-control-'));
  blue = new StandIn();
  green = new StandIn();
  await Promise.all([blue.listen(), green.listen()]);
});

afterEach(async () => {
  if (prober?.exitCode === null && prober.signalCode === null) {
    prober.kill('SIGKILL');
    await once(prober, 'exit');
  }
  blue.close();
  green.close();
  rmSync(control, { recursive: true, force: true });
});

async function start(env: Record<string, string> = {}): Promise<ChildProcess> {
  const [healthPort] = await freePorts(1);
  origin = `http://127.0.0.1:${healthPort}`;
  prober = spawn(process.execPath, [join(root, 'prober/main.ts')], {
    env: {
      // Compiled once for all tests, as in production.
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
      BLUE_ADDRESS: `127.0.0.1:${blue.port}`,
      GREEN_ADDRESS: `127.0.0.1:${green.port}`,
      CONTROL_DIR: control,
      PROBE_INTERVAL_MS: '50',
      // Generous, so that a slow moment of this machine does not cause a timeout.
      PROBE_TIMEOUT_MS: '2000',
      PROBER_PORT: String(healthPort),
      BIND_ADDRESS: '127.0.0.1',
      ...env,
    },
  });
  output = '';
  prober.stdout?.on('data', (chunk) => {
    output += chunk;
  });
  prober.stderr?.on('data', (chunk) => {
    output += chunk;
  });
  return prober;
}

const flagged = (pool: string) => existsSync(join(control, `${pool}.down`));
const isOverloaded = () => existsSync(join(control, 'overloaded'));
const flagAppears = (pool: string) => eventually(`${pool}.down`, () => flagged(pool));
const flagDisappears = (pool: string) => eventually(`no ${pool}.down`, () => !flagged(pool));
const checksContinue = async (pool: StandIn) => {
  const seen = pool.requests;
  await eventually('three more checks', () => pool.requests >= seen + 3);
};

describe('the prober', () => {
  it('flags a pool that fails with the cause, and removes the flag when the pool is healthy again', async () => {
    await start();
    await checksContinue(blue);
    expect(flagged('blue')).toBe(false);
    blue.mood = 'error';
    await flagAppears('blue');
    await eventually('the cause', () =>
      readFileSync(join(control, 'blue.down'), 'utf8').includes('"cause":"status 500"'),
    );
    expect(flagged('green')).toBe(false);
    blue.mood = 'healthy';
    await flagDisappears('blue');
    await eventually('both transitions in the log', () => /blue is down: status 500.*blue is up again/s.test(output));
  });

  it('says while both pools are up that they are, and takes it back before anybody could miss it', async () => {
    const bothUp = () => existsSync(join(control, 'both.up'));
    await start();
    await eventually('both.up', bothUp);
    blue.mood = 'error';
    await flagAppears('blue');
    await eventually('no both.up', () => !bothUp());
    blue.mood = 'healthy';
    await flagDisappears('blue');
    await eventually('both.up again', bothUp);
    prober?.kill('SIGTERM');
    await once(prober as ChildProcess, 'exit');
    expect([bothUp(), existsSync(join(control, 'prober.alive'))]).toEqual([false, false]);
  });

  it('gives signs of life that differ, also from those of the prober before it', async () => {
    const beats = new Set<string>();
    const seen = () => {
      const beat = readFileSync(join(control, 'prober.alive'), 'utf8');
      if (beat !== '') beats.add(beat);
      return beats.size;
    };
    const child = await start();
    await eventually('two beats', () => existsSync(join(control, 'prober.alive')) && seen() >= 2);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const before = seen();
    await start();
    await eventually('a beat of the new one', () => seen() > before);
  });

  it('brings its signs of life back when the edge has removed them', async () => {
    await start();
    const files = ['both.up', 'prober.alive'].map((name) => join(control, name));
    await eventually('both files', () => files.every((file) => existsSync(file)));
    for (const file of files) rmSync(file);
    await eventually('both files again', () => files.every((file) => existsSync(file)));
  });

  it('distinguishes refused connections from timeouts', async () => {
    green.mood = 'hang';
    blue.close();
    await start({ PROBE_TIMEOUT_MS: '100' });
    await Promise.all([flagAppears('blue'), flagAppears('green')]);
    await eventually(
      'both causes',
      () => output.includes('blue is down: refused') && output.includes('green is down: timeout'),
    );
  });

  it('flags a pool that accepts connections but never answers', async () => {
    const silent = createTcpServer(() => {}).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    await start({ BLUE_ADDRESS: `127.0.0.1:${(silent.address() as AddressInfo).port}`, PROBE_TIMEOUT_MS: '100' });
    await flagAppears('blue');
    await eventually('the cause', () => output.includes('blue is down: timeout'));
    silent.close();
  });

  it('asks as HEALTH_HOST, HEALTH_PROTO, HEALTH_PATH and HEALTH_STATUS say, and logs which of them may help', async () => {
    const site = createServer(({ url, headers }, response) => {
      const isSecure = headers['x-forwarded-proto'] === 'https';
      const isKnown = headers.host === 'shop.example' && url === '/health?full=1';
      response.writeHead(isSecure ? (isKnown ? 204 : 400) : 301).end();
    }).listen(0, '127.0.0.1');
    await once(site, 'listening');
    const { port } = site.address() as AddressInfo;
    onTestFinished(() => {
      site.closeAllConnections();
      site.close();
    });
    const first = await start({ BLUE_ADDRESS: `127.0.0.1:${port}` });
    await eventually('the hint', () => /blue is down: status 301 \(.*HEALTH_PROTO=https/.test(output));
    first.kill('SIGKILL');
    await once(first, 'exit');
    await start({
      BLUE_ADDRESS: `127.0.0.1:${port}`,
      HEALTH_HOST: 'shop.example',
      HEALTH_PROTO: 'https',
      HEALTH_PATH: '/health?full=1',
      HEALTH_STATUS: '204,301',
    });
    await flagDisappears('blue');
  });

  it('needs no more than a connection with HEALTH_CHECK=tcp', async () => {
    const plain = createTcpServer((socket) => socket.on('error', () => {}).end('hello\n')).listen(0, '127.0.0.1');
    await once(plain, 'listening');
    writeFileSync(join(control, 'blue.down'), '');
    await start({ BLUE_ADDRESS: `127.0.0.1:${(plain.address() as AddressInfo).port}`, HEALTH_CHECK: 'tcp' });
    await flagDisappears('blue');
    plain.close();
    await flagAppears('blue');
  });

  it('flags a pool whose answers are cut off', async () => {
    blue.mood = 'cut off';
    await start();
    await flagAppears('blue');
    await eventually('the cause', () => output.includes('blue is down: answer cut off'));
    blue.mood = 'healthy';
    await flagDisappears('blue');
  });

  describe('while both pools are late', () => {
    beforeEach(async () => {
      blue.mood = 'late';
      green.mood = 'late';
      await start({ PROBE_TIMEOUT_MS: '100' });
      await eventually('the flag of an overload', isOverloaded);
    });

    it('flags neither, but shows that the machine is overloaded', async () => {
      await checksContinue(blue);
      await checksContinue(green);
      expect([flagged('blue'), flagged('green'), existsSync(join(control, 'both.up'))]).toEqual([false, false, true]);
      const text = await (await fetch(`${origin}/metrics`)).text();
      expect(text).toMatch(/bluegreen_probe_late_total\{pool="blue"\} [1-9]/);
      expect(text).toContain('bluegreen_probe_overloaded 1\n');
      prober?.kill('SIGTERM');
      await once(prober as ChildProcess, 'exit');
      expect(isOverloaded()).toBe(false);
    });

    it('flags one that answers with errors, or refuses connections', async () => {
      blue.mood = 'error';
      await flagAppears('blue');
      await eventually('the end of the overload', () => !isOverloaded());
      blue.mood = 'healthy';
      await flagDisappears('blue');
      blue.close();
      await flagAppears('blue');
      expect(flagged('green')).toBe(false);
    });

    it('flags one that hangs, and not the other one', async () => {
      blue.mood = 'hang';
      await flagAppears('blue');
      expect(readFileSync(join(control, 'blue.down'), 'utf8')).toContain('"cause":"timeout"');
      expect(flagged('green')).toBe(false);
    });

    it('flags both if both hang, as that is no lateness', async () => {
      blue.mood = 'hang';
      green.mood = 'hang';
      await Promise.all([flagAppears('blue'), flagAppears('green')]);
    });
  });

  it('flags a pool that hangs while the other one is stopped and cannot be compared', async () => {
    green.close();
    blue.mood = 'hang';
    await start({ PROBE_TIMEOUT_MS: '100' });
    await Promise.all([flagAppears('blue'), flagAppears('green')]);
    expect(isOverloaded()).toBe(false);
  });

  it('finds a pool that hangs at a failed request, however rare its checks are', async () => {
    await start({ PROBE_TIMEOUT_MS: '100', PROBE_INTERVAL_MS: '60000' });
    await eventually('the prober to answer', async () => (await fetch(`${origin}/healthz`)).ok);
    await eventually('the first checks', () => blue.requests >= 1 && green.requests >= 1);
    blue.mood = 'hang';
    await fetch(`${origin}/check/blue`, { method: 'POST' });
    await flagAppears('blue');
    expect(flagged('green')).toBe(false);
  });

  it('checks a pool on time while the other one hangs', async () => {
    blue.mood = 'hang';
    await start({ PROBE_TIMEOUT_MS: '10000' });
    await checksContinue(green);
    expect(blue.requests).toBeLessThanOrEqual(2);
  });

  it('has PROBE_FALL checks in flight at the same time, so that none delays the next', async () => {
    blue.mood = 'hang';
    await start({ PROBE_FALL: '3', PROBE_TIMEOUT_MS: '10000' });
    await eventually('three checks in flight', () => blue.open === 3);
    await checksContinue(green);
    expect(blue.mostOpen).toBe(3);
    expect(existsSync(join(control, 'blue.down'))).toBe(false);
  });

  it('reuses its connections: never more than the checks that can be in flight', async () => {
    await start();
    await eventually('twenty checks', () => blue.requests >= 20);
    expect(blue.connections).toBeLessThanOrEqual(2);
  });

  describe('when a request has failed', () => {
    const failed = (pool: string) => fetch(`${origin}/check/${pool}`, { method: 'POST' });

    beforeEach(async () => {
      await start({ PROBE_INTERVAL_MS: '60000', PROBE_FALL: '3' });
      await eventually('the first checks', () => blue.requests === 1 && green.requests === 1);
      await eventually('the prober to answer', async () => (await fetch(`${origin}/healthz`)).ok);
    });

    it('checks this pool immediately, until it is down', async () => {
      blue.mood = 'error';
      expect((await failed('blue')).status).toBe(204);
      await flagAppears('blue');
      expect(blue.requests).toBe(4);
      expect(green.requests).toBe(1);
    });

    it('checks a healthy pool at most ten times a second, however many failures are reported', async () => {
      const startedMs = performance.now();
      for (let count = 0; count < 200; count++) await failed('blue');
      await failed('green');
      await eventually('the check that was requested last', () => green.requests === 2);
      const checks = blue.requests - 1;
      expect(checks).toBeGreaterThanOrEqual(1);
      expect(checks).toBeLessThanOrEqual(1 + (performance.now() - startedMs) / 100);
      expect(flagged('blue')).toBe(false);
      const text = await (await fetch(`${origin}/metrics`)).text();
      expect(text).toContain(`bluegreen_probe_prompted_total{pool="blue"} ${checks}\n`);
    });

    it('accepts no other request', async () => {
      for (const pool of ['red', 'blue/', '', 'blue?now']) expect((await failed(pool)).status).toBe(404);
      expect((await fetch(`${origin}/check/blue`)).status).toBe(404);
      expect(blue.requests).toBe(1);
    });
  });

  it('removes its flags on a clean stop', async () => {
    blue.mood = 'error';
    const running = await start();
    await flagAppears('blue');
    running.kill('SIGTERM');
    const [exitCode] = await once(running, 'exit');
    expect(exitCode).toBe(0);
    expect(flagged('blue')).toBe(false);
  });

  it('removes a flag that a killed run left behind once the pool is healthy', async () => {
    writeFileSync(join(control, 'green.down'), '');
    await start();
    await flagDisappears('green');
  });

  it('keeps such a flag while the pool is unhealthy', async () => {
    writeFileSync(join(control, 'green.down'), '');
    green.mood = 'error';
    await start();
    await checksContinue(green);
    expect(flagged('green')).toBe(true);
  });

  it('restores a flag that somebody removed', async () => {
    blue.mood = 'error';
    await start();
    await flagAppears('blue');
    rmSync(join(control, 'blue.down'));
    await flagAppears('blue');
  });

  it('continues if it cannot write the flag, and writes it as soon as it can', async () => {
    const missing = join(control, 'not-there-yet');
    blue.mood = 'error';
    await start({ CONTROL_DIR: missing });
    await eventually('the error in the log', () => output.includes('cannot change the flag'));
    mkdirSync(missing);
    await eventually('the flag', () => existsSync(join(missing, 'blue.down')));
  });

  it('exposes its checks and their results to Prometheus', async () => {
    await start();
    await checksContinue(blue);
    blue.mood = 'error';
    await flagAppears('blue');
    const text = await (await fetch(`${origin}/metrics`)).text();
    const value = (series: string) =>
      Number(
        text
          .split('\n')
          .find((line) => line.startsWith(`${series} `))
          ?.split(' ')[1],
      );
    expect(value('bluegreen_probe_pool_up{pool="blue"}')).toBe(0);
    expect(value('bluegreen_probe_pool_up{pool="green"}')).toBe(1);
    expect(value('bluegreen_probe_transitions_total{pool="blue",to="down"}')).toBe(1);
    expect(value('bluegreen_probe_transitions_total{pool="green",to="down"}')).toBe(0);
    const [passed, failed] = ['good', 'failed'].map((result) =>
      value(`bluegreen_probe_checks_total{pool="blue",result="${result}"}`),
    );
    expect(passed).toBeGreaterThanOrEqual(3);
    expect(failed).toBeGreaterThanOrEqual(2);
    expect(value('bluegreen_probe_failures_total{pool="blue",reason="status"}')).toBe(failed);
    expect(value('bluegreen_probe_failures_total{pool="blue",reason="timeout"}')).toBe(0);
    expect(value('bluegreen_probe_duration_seconds_count{pool="blue"}')).toBe((passed ?? 0) + (failed ?? 0));
    expect(value('bluegreen_probe_duration_seconds_bucket{le="+Inf",pool="blue"}')).toBe((passed ?? 0) + (failed ?? 0));
    expect(value('bluegreen_probe_last_check_timestamp_seconds{pool="blue"}')).toBeGreaterThan(Date.now() / 1_000 - 60);
    expect((await fetch(`${origin}/else`)).status).toBe(404);
  });

  it('reports all invalid settings at once and does not start', async () => {
    const running = await start({ PROBE_FALL: 'twice', PROBE_RISE: '0', HEALTH_PATH: 'healthz', BLUE_ADDRESS: 'blue' });
    const [exitCode] = await once(running, 'exit');
    expect(exitCode).toBe(2);
    for (const name of ['PROBE_FALL', 'PROBE_RISE', 'HEALTH_PATH', 'BLUE_ADDRESS'])
      expect(output).toContain(`${name}: expected`);
  });
});
