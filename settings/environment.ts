import type { ServiceName } from './services.ts';
import { type SettingName, type VariableName, type VariableOf, variables, variablesOf } from './variables.ts';

type Value = string | number | boolean;

/** The variables of a service that the engine sets: every internal one, and the settings whose value differs from `.env`. */
export type OwnVariables<S extends ServiceName> = {
  readonly [N in Exclude<VariableOf<S>, SettingName>]: Value;
} & { readonly [N in Extract<VariableOf<S>, SettingName>]?: Value | undefined };

/**
 * The environment of a service outside its container: each variable that is for it, from the engine, else from the user's
 * environment, else its default.
 */
export function environmentOf<S extends ServiceName>(
  service: S,
  env: NodeJS.ProcessEnv,
  own: OwnVariables<S>,
): Record<string, string> {
  const ownValues: Partial<Record<VariableName, Value | undefined>> = own;
  const set = variablesOf(service).flatMap((name) => {
    const value = ownValues[name] ?? (env[name] || variables[name].default);
    return value === undefined ? [] : [[name, String(value)] as const];
  });
  return Object.fromEntries(set);
}
