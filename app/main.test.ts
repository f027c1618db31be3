import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const main = fileURLToPath(new URL('main.ts', import.meta.url));

function run(env: Readonly<Record<string, string>>) {
  return spawnSync(process.execPath, [main], { env: { PATH: process.env.PATH, ...env }, encoding: 'utf8' });
}

test('all invalid settings are reported at once, one per line, and nothing starts', () => {
  const { status, stdout, stderr } = run({
    APP_POOL: 'red',
    RELEASE_ID: 'two words',
    PORT: '70000',
    BIND_ADDRESS: 'here',
    CHAOS_ENABLED: 'yes',
    HEALTH_PATH: 'healthz',
  });
  expect(status).toBe(2);
  expect(stdout).toBe('');
  const lines = stderr.trimEnd().split('\n').sort();
  expect(lines.map((line) => line.replace(/: expected .*, got /, ' '))).toEqual([
    'app: APP_POOL "red"',
    'app: BIND_ADDRESS "here"',
    'app: CHAOS_ENABLED "yes"',
    'app: HEALTH_PATH "healthz"',
    'app: PORT "70000"',
    'app: RELEASE_ID "two words"',
  ]);
});

test('a port in use ends the app with 1 and a line that names the error', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const address = taken.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const { status, stdout } = run({ PORT: String(address.port), BIND_ADDRESS: '127.0.0.1' });
  expect(status).toBe(1);
  expect(stdout).toContain('EADDRINUSE');
  taken.close();
});
