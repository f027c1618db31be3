import { variableNames } from '../settings/variables.ts';

/** What every program has in its environment. */
const ordinary = /^(PATH|HOME|HOSTNAME|PWD|OLDPWD|SHLVL|LANG|LC_.*|TERM|USER|LOGNAME|SHELL|TMPDIR|_|NODE_.*|YARN_.*)$/;
/** Shorter values are words such as "true". */
const shortest = 6;

/** The values that no log and no report repeats: credentials of the DNS provider are variables that are not declared here. */
export function secretsIn(env: NodeJS.ProcessEnv): string[] {
  const declared: readonly string[] = variableNames;
  return Object.entries(env).flatMap(([name, value = '']) =>
    ordinary.test(name) || declared.includes(name) || value.length < shortest ? [] : [value],
  );
}
