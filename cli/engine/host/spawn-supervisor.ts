import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Secrets } from './secrets.ts';
import type { Plan, StateDirectory } from './state-directory.ts';

const compileLimitMs = 10_000;

/** Starts the supervisor, which outlives this process. Its output goes to its log. */
export function spawnSupervisor(root: string, state: StateDirectory, secrets: Secrets): void {
  const log = openSync(state.logOf('supervisor'), 'a', 0o600);
  const spawned = spawn(process.execPath, [join(root, 'cli/engine/host/supervisor.ts'), state.path], {
    cwd: root,
    detached: true,
    stdio: ['pipe', log, log],
  });
  closeSync(log);
  // If it cannot read them, it does not start either, and its log says why.
  spawned.stdin?.on('error', () => {});
  spawned.stdin?.end(JSON.stringify(secrets));
  spawned.unref();
}

/** Loads the watcher once to fill the compile cache, with which it needs 20 MB less memory. */
export async function compileWatcher(plan: Plan): Promise<void> {
  const watcher = plan.services.find(({ name }) => name === 'alert_watcher');
  if (watcher === undefined) return;
  const [command, ...args] = watcher.command;
  // The invalid port makes it exit as soon as it is loaded.
  const env = { ...watcher.env, WATCHER_PORT: 'none' };
  await execa(command, args, { env, extendEnv: false, reject: false, stdio: 'ignore', timeout: compileLimitMs });
}
