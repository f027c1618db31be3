import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { healthCheck } from './health-check.ts';

const target = (port: number) =>
  ({ pool: 'blue', origin: `http://127.0.0.1:${port}`, path: '/healthz', flag: '' }) as const;

describe('a health check', () => {
  it('passes if the answer arrived in time but is read late', async () => {
    const program = `
      require('node:http').createServer((_request, response) => { response.end('{}'); process.stdout.write('asked'); })
        .listen(0, '127.0.0.1', function () { process.stdout.write(String(this.address().port)); });`;
    const server = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      const [port] = await once(server.stdout, 'data');
      const check = healthCheck(target(Number(port)), { timeoutMs: 200, maxConcurrent: 1 });
      // The second check is sent immediately, on the open connection.
      expect(await check.check()).toBeUndefined();
      const verdict = check.check();
      for (let count = 0; count < 3; count++) await turn();
      const busyUntil = performance.now() + 500;
      while (performance.now() < busyUntil);
      expect(await verdict).toBeUndefined();
      await check.close();
    } finally {
      server.kill('SIGKILL');
    }
  });

  it('fails with a timeout if the pool does not answer', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const check = healthCheck(target((silent.address() as AddressInfo).port), { timeoutMs: 100, maxConcurrent: 1 });
    expect(await check.check()).toBe('timeout');
    await check.close();
    silent.closeAllConnections();
    silent.close();
  });
});
