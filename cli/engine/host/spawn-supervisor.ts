import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { Secrets } from './secrets.ts';
import type { StateDirectory } from './state-directory.ts';

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
