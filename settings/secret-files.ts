import { readFileSync } from 'node:fs';
import { readSettings, SettingsError } from './read.ts';
import type { VariableName } from './variables.ts';

/** The secrets that can also be in a file: `NAME_FILE` is its path. */
export const fileSecrets = [
  'SLACK_WEBHOOK_URL',
  'ALERT_WEBHOOKS',
  'ALERT_WEBHOOK_SECRET',
  'PREVIEW_TOKEN',
] as const satisfies readonly VariableName[];

export type FileSecret = (typeof fileSecrets)[number];

export interface SecretFiles {
  /** The environment with the content of the files. */
  readonly env: NodeJS.ProcessEnv;
  /** A sentence for each file that cannot be used, with the variable and the path but nothing of the content. */
  readonly faults: readonly string[];
}

/**
 * Reads the secrets that are in files, without the white space around them.
 * @param options `pathOf` resolves a relative path; with `unreadable: 'skip'`, a file that belongs to another account is no fault
 */
export function readSecretFiles(
  env: NodeJS.ProcessEnv,
  names: readonly FileSecret[],
  options: { readonly pathOf?: (path: string) => string; readonly unreadable?: 'skip' } = {},
): SecretFiles {
  const { pathOf = (path) => path, unreadable } = options;
  const found: Record<string, string> = {};
  const faults: string[] = [];
  for (const name of names) {
    const file = env[`${name}_FILE`] ?? '';
    if (file === '') continue;
    if ((env[name] ?? '') !== '') {
      faults.push(`${name}, ${name}_FILE: expected only one of them, got both`);
      continue;
    }
    try {
      const text = readFileSync(pathOf(file), 'utf8').trim();
      const fault = faultIn(name, file, text);
      if (fault === undefined) found[name] = text;
      else faults.push(fault);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
      if (code !== 'EACCES' || unreadable !== 'skip') faults.push(unreadableFault(name, file, code));
    }
  }
  return { env: { ...env, ...found }, faults };
}

/** The content of the file follows the same rule as the variable, and is as secret. */
function faultIn(name: FileSecret, file: string, text: string): string | undefined {
  if (text === '') return `${name}_FILE: expected ${file} to contain ${name}, got an empty file`;
  try {
    readSettings({ [name]: text }, [name]);
    return undefined;
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return error.faults.map((fault) => fault.replace(`${name}:`, `${name}_FILE, in ${file}:`)).join('\n');
  }
}

function unreadableFault(name: FileSecret, file: string, code: string): string {
  const remedies: { readonly [code: string]: string } = {
    EACCES: `make it readable for user ${process.getuid?.() ?? 'of the program'} (chmod 644, or chown it)`,
    ENOENT: 'create it, or unset the variable',
    EISDIR: 'it is a directory (Docker makes one where a mounted file is missing): put a file in its place',
  };
  const remedy = remedies[code] ?? 'make sure that it is a readable file';
  return `${name}_FILE: expected a readable file, got ${code} for ${file}: ${remedy}`;
}
