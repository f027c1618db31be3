import type { z } from 'zod';
import { type Declaration, type VariableName, variables } from './variables.ts';

type Fields = typeof variables;

/** The named variables, validated and converted. */
export type Settings<N extends VariableName> = { readonly [K in N]: z.output<Fields[K]['schema']> };

/** All faults of an environment: one line each, with the name and what was expected. */
export class SettingsError extends Error {
  readonly code = 'SETTINGS';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(faults.join('\n'));
    this.name = 'SettingsError';
    this.faults = faults;
  }
}

/**
 * Reads and validates the named variables. An empty value counts as unset, because Compose passes an unset variable on as
 * an empty one.
 * @throws {SettingsError} with all faults
 */
export function readSettings<N extends VariableName>(env: NodeJS.ProcessEnv, names: readonly N[]): Settings<N> {
  const settings: Partial<Record<VariableName, unknown>> = {};
  const faults: string[] = [];
  for (const name of names) {
    const { schema }: Declaration = variables[name];
    const value = env[name] === '' ? undefined : env[name];
    const result = schema.safeParse(value);
    if (result.success) settings[name] = result.data;
    else faults.push(...faultsOf(name, value ?? '', result.error.issues));
  }
  if (faults.length > 0) throw new SettingsError(faults);
  return settings as Settings<N>;
}

function faultsOf(name: VariableName, value: string, issues: readonly z.core.$ZodIssue[]): string[] {
  const { expected, secret } = variables[name];
  // Some fields say themselves what they expected, without repeating the value.
  const complete = issues.filter((issue) => issue.code === 'custom' && issue.params?.complete === true);
  if (complete.length > 0) return complete.map(({ message }) => `${name}: expected ${message}`);
  const got = secret ? 'something else (not shown: it is a secret)' : JSON.stringify(value);
  return [`${name}: expected ${expected}, got ${got}`];
}
