import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { generator } from '../../settings/render/marked.ts';
import { variables, variablesOf } from '../../settings/variables.ts';
import { contents, expectNone, root, sources } from './advice.ts';

describe('the edge', () => {
  const template = contents('nginx.conf.template');
  const script = sources('{entrypoint,edge-control,edge-gate,edge-render,edge-tend}.sh').replaceAll(/^\s*#.*$/gm, '');
  const inTemplate = [...template.matchAll(/\$\{([A-Z][A-Z0-9_]*)\}/g)].map(([, name = '']) => name);
  const inScript = [...script.matchAll(/\$\{?([A-Z][A-Z0-9_]*)/g)].map(([, name = '']) => name);
  const assigned = [...script.matchAll(/(?:^|\s)([A-Z][A-Z0-9_]*)=/g)].map(([, name = '']) => name);
  const declared: readonly string[] = variablesOf('nginx_proxy');

  it('uses every variable that is for it', () => {
    expectNone(
      declared.filter((name) => !inTemplate.includes(name) && !new RegExp(`\\b${name}\\b`).test(script)),
      (name) => `${name}: use it in nginx.conf.template or entrypoint.sh, or remove 'nginx_proxy' from its "for"`,
    );
  });

  it('uses no variable that nothing sets', () => {
    expectNone(
      [...inTemplate, ...inScript].filter((name) => !declared.includes(name) && !assigned.includes(name)),
      (name) => `${name}: declare it in settings/variables.ts with 'nginx_proxy' in "for", or set it in entrypoint.sh`,
    );
  });

  it('has in its image every file that its entrypoint reads', () => {
    const read = [...contents('entrypoint.sh').matchAll(/^\. "\$\(dirname "\$0"\)\/(.*)"$/gm)].map(
      ([, name = '']) => name,
    );
    expect(read.toSorted()).toEqual([
      'edge-control.sh',
      'edge-gate.sh',
      'edge-render.sh',
      'edge-settings.sh',
      'edge-tend.sh',
    ]);
    const copied = /^COPY .* entrypoint\.sh (.*) \/usr\/local\/bin\/$/m.exec(contents('Dockerfile'))?.[1]?.split(' ');
    expect(copied?.toSorted()).toEqual(read.toSorted());
    for (const name of read) expect(contents('.dockerignore').split('\n')).toContain(`!${name}`);
  });

  it('refuses the same values as the settings, in the same words', () => {
    const names = variablesOf('nginx_proxy');
    // Each value for all variables at once: some never accept it, so that nothing is started.
    const faults = edgeSamples.map((value) => {
      const env = { PATH: process.env.PATH, ...Object.fromEntries(names.map((name) => [name, value])) };
      const output = failureOf('/bin/sh', [join(root, 'entrypoint.sh')], env);
      return { value, refused: [...output.matchAll(/^ {2}([A-Z_]+: expected .*), got /gm)].map(([, fault]) => fault) };
    });
    const disagreements = (name: (typeof names)[number]) => {
      const { schema, expected } = variables[name];
      return faults
        .filter(
          ({ value, refused }) => refused.includes(`${name}: expected ${expected}`) === schema.safeParse(value).success,
        )
        .map(({ value }) => JSON.stringify(value));
    };
    expect(
      names.flatMap((name) => {
        const values = disagreements(name);
        const about = `${name}: the entrypoint and settings/fields.ts disagree about ${values.slice(0, 5)}`;
        return values.length === 0 ? [] : [`${about}; run "${generator}"`];
      }),
    ).toEqual([]);
  });
});

const edgeSamples = [
  ...['0', '1', '-1', '007', '1e3', '64', '65535', '65536', '70000', '100001', '999999999', '9999999999', ' 5', '5 '],
  ...['on', 'off', 'On', 'blue', 'green', 'red', 'redblue', 'blue\ngreen'],
  ...['0s', '3s', '300ms', '08s', '3', '3 s', '1h', '1234567s', '64m', '64M', '512k'],
  ...[
    '/healthz',
    '/a b',
    '/healthz; return 200',
    '/healthz?full=1&a=b',
    '/healthz?a b',
    '/healthz?$uri',
    '/healthz?a"b',
    '/',
    '/a"b',
    '/a$b',
    'relative',
    '/a\nb',
    `/${'a'.repeat(201)}`,
    '/ä',
  ],
  ...['10.0.0.1', '256.0.0.1', '01.0.0.1', '10.0.0', '10.0.0.1:80', '10.0.0.1:0', '10.0.0.1:65535', '10.0.0.1:65536'],
  ...['10.0.0.1:080', '10x0.0.1:80', 'app_blue:3000', 'a-token-of-16-ch', 'a token of 16 ch', 'short'],
  ...["it's", '$(id)', '`id`', '\\', '*'],
];

function failureOf(command: string, args: readonly string[], env: NodeJS.ProcessEnv): string {
  try {
    execFileSync(command, args, { env, stdio: 'pipe', encoding: 'utf8' });
  } catch (error) {
    return String((error as { stderr?: unknown }).stderr);
  }
  throw new Error(`${command} was expected to fail`);
}
