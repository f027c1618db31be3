import { chmodSync, copyFileSync, existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileSecrets } from '../../settings/secret-files.ts';
import { envPath, type Stack } from '../stack/stack.ts';
import { type EnvFileName, envFiles } from './contents.ts';

/** Where each file is in a checkout. */
export function pathOf(stack: Stack, name: EnvFileName): string {
  return name === '.env' ? envPath(stack) : join(stack.root, name);
}

/** Copies those that exist. */
export function saveEnvFiles(stack: Stack, directory: string): void {
  for (const name of envFiles) {
    const path = pathOf(stack, name);
    if (existsSync(path)) copyFileSync(path, join(directory, name));
  }
}

/**
 * Puts those of a backup in place; one that it does not have must not be there either. Another one that is there is renamed.
 * @returns the new names of those
 */
export function restoreEnvFiles(stack: Stack, directory: string): readonly string[] {
  return envFiles.flatMap((name) => {
    const [from, path] = [join(directory, name), pathOf(stack, name)];
    if (contentOf(from) === contentOf(path)) return [];
    const kept = existsSync(path) ? [`${path}.before-restore`] : [];
    for (const to of kept) renameSync(path, to);
    if (existsSync(from)) {
      const temporary = `${path}.new`;
      copyFileSync(from, temporary);
      chmodSync(temporary, 0o600);
      renameSync(temporary, path);
    }
    return kept;
  });
}

function contentOf(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

const namedFiles = [
  ...fileSecrets.map((name) => `${name}_FILE` as const),
  'TLS_CERTIFICATE_FILE',
  'TLS_KEY_FILE',
  'ACME_CA_FILE',
] as const;

/** Files that settings name. They are yours, and no backup has them. */
export function filesOutside({ settings }: Stack): readonly string[] {
  return namedFiles.flatMap((name) => settings[name] ?? []);
}
