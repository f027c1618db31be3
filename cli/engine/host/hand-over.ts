import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { HandOver } from './state-directory.ts';

const readyDeadlineMs = 45_000;
const pollMs = 50;

/** Waits until the next process serves. Returns false if it does not in time, or ends. */
export async function isReady({ ready }: HandOver, env: NodeJS.ProcessEnv, ended: () => boolean): Promise<boolean> {
  const [command, ...args] = ready;
  const untilMs = Date.now() + readyDeadlineMs;
  while (Date.now() < untilMs && !ended()) {
    const asked = spawn(command, args, { env, stdio: 'ignore' });
    const [exitCode] = (await once(asked, 'exit').catch(() => [1])) as [number | null];
    if (exitCode === 0) return !ended();
    await delay(pollMs);
  }
  return false;
}

const migration = '/proc/sys/net/ipv4/tcp_migrate_req';

/**
 * Has Linux hand the connections that a closed socket has not accepted to the other sockets on its port, from 5.14 on, as far as this
 * account may decide that. Without it, about one connection in ten thousand is reset.
 * @returns sets it back
 */
export function migrateConnections(): () => void {
  try {
    const before = readFileSync(migration, 'utf8');
    writeFileSync(migration, '1');
    return () => {
      try {
        writeFileSync(migration, before);
      } catch {}
    };
  } catch {
    return () => {};
  }
}
