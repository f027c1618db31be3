import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { environmentInCompose } from '../../settings/render/compose-environment.ts';
import { generator } from '../../settings/render/marked.ts';
import { serviceNames } from '../../settings/services.ts';
import { containerVariablesOf, readersOf, variableNames, variables } from '../../settings/variables.ts';
import { contents, expectNone, foreignVariables, isSetting, isVariable } from './advice.ts';

const serviceFiles = ['docker-compose.yml', 'certificates/https.yml', 'monitoring/docker-compose.yml'];
const composeFiles = [...serviceFiles, 'ports/http.yml', 'ports/https.yml'];

describe.each(serviceNames)('the Compose file of %s', (service) => {
  const file = service === 'certificates' ? 'certificates/https.yml' : 'docker-compose.yml';
  const passed = environmentInCompose(contents(file), service);
  const declared: readonly string[] = containerVariablesOf(service);

  it('passes every variable that the service reads', () => {
    expectNone(
      declared.filter((name) => !(name in passed)),
      (name) => `${name} does not reach ${service}: run "${generator}", or write it into "environment" of ${service}`,
    );
  });

  it('passes no variable that the service does not read', () => {
    expectNone(
      Object.keys(passed).filter((name) => !declared.includes(name) && !foreignVariables.includes(name)),
      (name) => `${name}: remove it from ${service}, or add '${service}' to its "for" in settings/variables.ts`,
    );
  });

  it('passes the value of the setting of that name', () => {
    expectNone(
      Object.entries(passed)
        .filter(
          ([name, value]) =>
            isSetting(name) && !new RegExp(`^\\$\\{${name}:[-+][^{}]*(\\$\\{${name}:-\\})?\\}$`).test(String(value)),
        )
        .map(([name]) => name),
      (name) => `${name}: pass it to ${service} as \${${name}:-}`,
    );
  });
});

/** What is mounted in place of a file of the user's, if there is none. */
const noFile = ['/dev/null', 'certificates/none'];

describe('the Compose files', () => {
  /** The variables that they use themselves, not those that they pass to a service under the same name. */
  function used(node: unknown, key = '', parent = ''): string[] {
    if (typeof node === 'string') {
      const all = [...node.matchAll(/\$\{([A-Z][A-Z0-9_]*)/g)].map(([, name = '']) => name);
      return parent === 'environment' ? all.filter((name) => name !== key) : all;
    }
    if (typeof node !== 'object' || node === null) return [];
    return Object.entries(node).flatMap(([name, value]) => used(value, name, key));
  }
  const names = composeFiles.flatMap((path) => used(parse(contents(path), { merge: true })));

  it('use every variable that is for Compose', () => {
    expectNone(
      variableNames.filter((name) => readersOf(name).includes('compose') && !names.includes(name)),
      (name) => `${name}: use it in docker-compose.yml, or remove 'compose' from its "for" in settings/variables.ts`,
    );
  });

  it('use no variable that is not for Compose', () => {
    expectNone(
      names.filter((name) => !isVariable(name) || !readersOf(name).includes('compose')),
      (name) => `${name}: declare it in settings/variables.ts, with 'compose' in "for"`,
    );
  });

  it('have the same defaults, and so has the Dockerfile', () => {
    // A service that gets an empty value uses its own default.
    const text = composeFiles
      .map(contents)
      .join('')
      .replaceAll(/^ *([A-Z_]+): \$\{\1:-\}$/gm, '')
      // The usual port of HTTP, where the site has HTTPS.
      .replace(/\$\{NGINX_PORT:-80\}/, '');
    const inCompose = text.matchAll(/\$\{([A-Z_]+):-([^}$]*)/g);
    const inDockerfile = contents('Dockerfile').matchAll(/^ARG ([A-Z_]+)=(.*)$/gm);
    const others = [...inCompose, ...inDockerfile].flatMap(([, name = '', value = '']) => {
      const isSame = isVariable(name) && value === (variables[name].default ?? '');
      return isSame || noFile.includes(value) ? [] : [name];
    });
    expectNone(others, (name) => `${name}: its default is ${isVariable(name) ? variables[name].default : 'unknown'}`);
  });

  it('harden the services of all files in the same way', () => {
    const [main, ...others] = serviceFiles.map((path) => parse(contents(path))['x-hardened']);
    expect(others).toEqual(others.map(() => main));
  });
});
