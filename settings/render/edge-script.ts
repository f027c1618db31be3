import { type Declaration, variables, variablesOf } from '../variables.ts';
import { generator } from './marked.ts';

/**
 * `edge-settings.sh`: defaults and validation for entrypoint.sh, which runs in an image without Node.
 * @throws {TypeError} when a variable of the edge is of a kind that a shell cannot check
 */
export function edgeScript(): string {
  const names = variablesOf('nginx_proxy');
  return `#!/bin/sh
# The variables of the edge: defaults and validation, for entrypoint.sh.
# Generated from settings/variables.ts by "${generator}"; do not edit.

${names.map((name) => `: "\${${name}:=${variables[name].default ?? ''}}"\n`).join('')}
check_settings() {
${names.map((name) => `  ${check(name, variables[name])}\n`).join('')}}
`;
}

function check(name: string, { check, default: value, expected, secret }: Declaration): string {
  if (check === undefined) {
    throw new TypeError(`${name}: fields of this kind have no "check", which the edge needs: see settings/fields.ts`);
  }
  if ('min' in check) return `check_number ${name} "$${name}" ${check.min} ${check.max}`;
  const command = secret ? 'check_secret' : 'check_pattern';
  const line = `${command} ${name} "$${name}" ${quoted(check.pattern)} ${quoted(expected)}`;
  return value === undefined ? `[ -z "$${name}" ] || ${line}` : line;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
