import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type SettingName, settingNames, type VariableName, variables } from '../../settings/variables.ts';

export const root = join(import.meta.dirname, '../..');

/** Variables of the environment that are not declared in settings/: they belong to Node. */
export const foreignVariables = ['NODE_OPTIONS', 'NODE_COMPILE_CACHE', 'PATH'];

export function contents(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** The text of all files that match, without tests. */
export function sources(pattern: string): string {
  const files = globSync(pattern, { cwd: root, exclude: ['**/*.test.ts'] });
  return files.map(contents).join('\n');
}

export function isVariable(name: string): name is VariableName {
  return name in variables;
}

export function isSetting(name: string): name is SettingName {
  return (settingNames as readonly string[]).includes(name);
}

/** Fails when there are any, with a line for each name that says what to do. */
export function expectNone(names: readonly string[], advice: (name: string) => string): void {
  expect([...new Set(names)].map(advice)).toEqual([]);
}
