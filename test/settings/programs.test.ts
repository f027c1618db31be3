import { describe, expect, it } from 'vitest';
import type { ServiceName } from '../../settings/services.ts';
import { readersOf, variableNames, variablesOf } from '../../settings/variables.ts';
import { expectNone, isVariable, sources } from './advice.ts';

describe('what is declared for a program', () => {
  const programs: readonly (readonly [ServiceName, string])[] = [
    ['app_blue', 'app'],
    ['app_green', 'app'],
    ['health_prober', 'prober'],
    ['alert_watcher', 'watcher'],
    ['certificates', 'certificates'],
  ];

  it.each(programs)('is used in the configuration of %s', (service, directory) => {
    const config = sources(`${directory}/**/config.ts`);
    // readSecretFiles() reads NAME_FILE for NAME.
    const use = (name: string) => new RegExp(`\\b(settings|env)\\.(${name}|${name.replace(/_FILE$/, '')})\\b`);
    expectNone(
      variablesOf(service).filter((name) => !use(name).test(config)),
      (name) => `${name}: use it in ${directory}/config.ts, or remove '${service}' from its "for"`,
    );
  });

  const cli = sources('cli/**/*.ts');
  it('is used in the command line', () => {
    expectNone(
      variableNames.filter((name) => readersOf(name).includes('cli') && !new RegExp(`\\b${name}\\b`).test(cli)),
      (name) => `${name}: use it in cli/, or remove 'cli' from its "for" in settings/variables.ts`,
    );
  });

  it('includes everything that the command line uses', () => {
    const used = [...cli.matchAll(/\bsettings\.([A-Z][A-Z0-9_]*)/g)].map(([, name = '']) => name);
    expect(used.length).toBeGreaterThan(20);
    expectNone(
      used.filter((name) => !isVariable(name) || !readersOf(name).includes('cli')),
      (name) => `${name}: add 'cli' to its "for" in settings/variables.ts`,
    );
  });
});
