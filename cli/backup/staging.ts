import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** A directory for this account only, for secrets on their way. It is deleted at the end, also if the command is interrupted. */
export async function inStaging<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'bluegreen-backup-'));
  const remove = () => rmSync(directory, { recursive: true, force: true });
  const onSignal = () => {
    remove();
    process.exit(1);
  };
  for (const name of signals) process.on(name, onSignal);
  try {
    return await work(directory);
  } finally {
    for (const name of signals) process.off(name, onSignal);
    remove();
  }
}
