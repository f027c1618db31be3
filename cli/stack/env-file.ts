import {
  chmodSync,
  chownSync,
  existsSync,
  readFileSync,
  realpathSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { parse } from 'dotenv';
import { CommandError } from '../terminal/command-error.ts';

/** New values. Undefined removes the variable, so that its default applies. */
export type Changes = Readonly<Record<string, string | undefined>>;

/**
 * Changes variables of an env file and nothing else: comments, order, mode and owner stay, and the file is replaced
 * atomically. A missing file is created, readable by its owner only, as it will contain secrets.
 * @throws {CommandError} if the file cannot be written, or if a variable cannot be changed without changing something else
 */
export function changeEnvFile(path: string, changes: Changes): void {
  const before = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const after = changed(before, changes);
  if (after === before) return;
  try {
    replace(path, after);
  } catch (cause) {
    throw new CommandError(`cannot write ${path}: ${(cause as Error).message}`, { cause });
  }
}

/** The text with the changes applied. */
export function changed(text: string, changes: Changes): string {
  const after = Object.entries(changes).reduce((current, [name, value]) => withVariable(current, name, value), text);
  const set = Object.entries(changes).filter((change): change is [string, string] => change[1] !== undefined);
  const rest = Object.entries(parse(text)).filter(([name]) => !(name in changes));
  if (!isDeepStrictEqual(parse(after), Object.fromEntries([...rest, ...set]))) {
    const names = Object.keys(changes).join(', ');
    throw new CommandError(`cannot change ${names} in the env file without changing something else`, {
      next: 'write each variable in a line of its own, without quotes around line breaks',
    });
  }
  return after;
}

function withVariable(text: string, name: string, value: string | undefined): string {
  const lines = text.split('\n');
  const isSet = (line: string) => new RegExp(`^\\s*(export\\s+)?${name}\\s*=`).test(line);
  const isDefault = (line: string) => new RegExp(`^#\\s*${name}=`).test(line);
  // The last assignment takes effect.
  const at = lines.findLastIndex(isSet);
  if (value === undefined) return lines.filter((line) => !isSet(line)).join('\n');
  if (at >= 0) return lines.map((line, index) => (index === at ? `${name}=${value}` : line)).join('\n');
  const described = lines.findIndex(isDefault);
  if (described >= 0) return lines.toSpliced(described + 1, 0, `${name}=${value}`).join('\n');
  const end = text === '' || text.endsWith('\n') ? '' : '\n';
  return `${text}${end}${name}=${value}\n`;
}

function replace(path: string, text: string): void {
  // Replace the target of a link, not the link.
  const target = existsSync(path) ? realpathSync(path) : path;
  const before = statSync(target, { throwIfNoEntry: false });
  const temporary = `${target}.new`;
  writeFileSync(temporary, text, { mode: 0o600, flush: true });
  if (before !== undefined) {
    chmodSync(temporary, before.mode & 0o777);
    if (process.getuid?.() === 0) chownSync(temporary, before.uid, before.gid);
  }
  renameSync(temporary, target);
}
