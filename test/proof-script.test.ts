import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from './condition.ts';
import { type RunningCommand, startCommand } from './running-command.ts';
import { root } from './stack.ts';

/** A stand-in for ./bluegreen that logs its arguments. Its watcher has not learned of a switch yet, and reports green. */
const commandLine = `#!/bin/sh
printf '%s\\n' "$*" >>asked
case " $* " in
  *' status --json '*)
    cat <<END
{
  "url": "http://127.0.0.1:1",
  "address": "127.0.0.1",
  "edge": {
    "active": "blue",
    "down": { "blue": false }
  },
  "pools": [
    {
      "url": "http://127.0.0.1:2"
    },
    {
      "url": "http://127.0.0.1:3"
    }
  ],
  "watcher": {
    "active": "green"
  }
}
END
    ;;
esac
`;
const freezes = (pool: string) => `process.stdout.write('@hands freeze ${pool}\\n'); process.stdin.once('data', `;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bluegreen-script-'));
  cpSync(join(root, 'test-failover.sh'), join(folder, 'test-failover.sh'));
  writeFileSync(join(folder, 'bluegreen'), commandLine);
  chmodSync(join(folder, 'bluegreen'), 0o755);
  writeFileSync(join(folder, 'asked'), '');
  mkdirSync(join(folder, 'proof'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const asked = () => readFileSync(join(folder, 'asked'), 'utf8').trim().split('\n');

function start(main: string, environment: Readonly<Record<string, string>> = {}): RunningCommand {
  writeFileSync(join(folder, 'proof/main.ts'), main);
  const env = { ...process.env, ...environment };
  return startCommand('./test-failover.sh', ['--engine', 'host'], { cwd: folder, env });
}

describe('./test-failover.sh', () => {
  it('asks the edge which pool is active, not the watcher, which learns of a switch later', async () => {
    const command = start("console.log(process.argv.join(' ')); console.log('@result proved');\n");
    expect(await command.exitCode).toBe(0);
    expect(command.output()).toContain('--active blue');
  });

  it('repairs what it broke on Ctrl-C, and switches back to the pool that was active', async () => {
    const command = start(`${freezes('green')}() => undefined);\n`, { ACTIVE_POOL: 'green' });
    await eventually('a pool that is broken', () => asked().includes('--engine host chaos green freeze'));
    command.interrupt();
    expect(await command.exitCode).toBe(130);
    expect(asked().slice(-2)).toEqual(['--engine host chaos green stop', '--engine host switch blue']);
  });

  it('repairs what it broke when the load dies', async () => {
    const command = start(`${freezes('blue')}() => process.kill(process.pid, 'SIGKILL'));\n`);
    expect(await command.exitCode).toBe(1);
    expect(command.output()).toContain('the proof ended without a result');
    expect(asked().at(-1)).toBe('--engine host chaos blue stop');
  });
});
