import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stackVariables } from '../cli/stack/stack.ts';
import { infoOf } from '../settings/fields.ts';
import { readSettings, SettingsError } from '../settings/read.ts';
import { type VariableName, variableNames, variables } from '../settings/variables.ts';

const contents = (name: string) => readFileSync(join(import.meta.dirname, '..', name), 'utf8');
const defaultOf = (name: VariableName) => infoOf(variables[name]).default ?? '';
/** Name and default of each match. */
const pairs = (text: string, pattern: RegExp) =>
  [...text.matchAll(pattern)].map(([, name = '', value = '']) => [name, value] as const);
const isVariable = (name: string): name is VariableName => (variableNames as readonly string[]).includes(name);
const expected = () => Object.fromEntries(stackVariables.map((name) => [name, defaultOf(name)]));

describe('the settings', () => {
  it('stand in .env.example, each with its default and what it is for', () => {
    const text = contents('.env.example');
    expect(Object.fromEntries(pairs(text, /^# ([A-Z_]+)=(.*)$/gm))).toEqual(expected());
    for (const name of stackVariables) expect(text).toContain(`# ${infoOf(variables[name]).about}.\n# ${name}=`);
  });

  it("stand in the README's table, each with its default and what it is for", () => {
    const rows = [...contents('README.md').matchAll(/^\| `([A-Z_]+)` \| (?:`(.*)`)? *\| (.*) \|$/gm)];
    expect(Object.fromEntries(rows.map(([, name, value = '']) => [name, value]))).toEqual(expected());
    for (const [, name = '', , about] of rows) expect(isVariable(name) && infoOf(variables[name]).about).toBe(about);
  });

  it('reach the containers: the Compose file passes each on, with no other default', () => {
    const text = contents('docker-compose.yml');
    const used = pairs(text, /\$\{([A-Z_]+):[-+]([^}$]*)/g).filter(([name]) => isVariable(name));
    const missing = stackVariables.filter((name) => !used.some(([other]) => other === name));
    const commandLineOnly = ['DEPLOY_TIMEOUT', 'DRAIN_TIMEOUT', 'HOOKS_DIR', 'BLUEGREEN_ACTOR'];
    // Ports inside the containers are fixed.
    const hostOnly = ['BLUE_CMD', 'GREEN_CMD', 'STATUS_PORT', 'PROBER_PORT'];
    expect(missing.toSorted()).toEqual([...hostOnly, ...commandLineOnly].toSorted());
    for (const [name, value] of used) {
      const isDefault =
        value === '' ||
        value === '/dev/null' ||
        value.startsWith('/run/secrets/') ||
        value === defaultOf(name as VariableName);
      expect(isDefault, `${name}: ${value}`).toBe(true);
    }
  });

  it('have the same defaults in the entrypoint, which runs without the rest', () => {
    for (const [name, value] of pairs(contents('entrypoint.sh'), /^: "\$\{([A-Z_]+):=(.*)\}"$/gm)) {
      if (isVariable(name)) expect([name, value]).toEqual([name, defaultOf(name)]);
    }
  });

  it('have defaults that are valid themselves, and an empty value counts as unset', () => {
    const empty = Object.fromEntries(variableNames.map((name) => [name, '']));
    expect(readSettings(empty, variableNames)).toEqual(readSettings({}, variableNames));
  });

  it('are converted to what programs work with', () => {
    const env = {
      WINDOW_SIZE: '50',
      ERROR_RATE_THRESHOLD: '0.5',
      MAINTENANCE_MODE: 'true',
      PROXY_READ_TIMEOUT: '500ms',
    };
    expect(
      readSettings(env, ['WINDOW_SIZE', 'ERROR_RATE_THRESHOLD', 'MAINTENANCE_MODE', 'PROXY_READ_TIMEOUT']),
    ).toEqual({
      WINDOW_SIZE: 50,
      ERROR_RATE_THRESHOLD: 0.5,
      MAINTENANCE_MODE: true,
      PROXY_READ_TIMEOUT: '500ms',
    });
  });

  it.each([
    ['PORT', '0'],
    ['PORT', '65536'],
    ['PORT', '80.5'],
    ['WINDOW_SIZE', '1e3'],
    ['WINDOW_SIZE', '-1'],
    ['WINDOW_SIZE', ' 5'],
    ['ERROR_RATE_THRESHOLD', '0'],
    ['ERROR_RATE_THRESHOLD', '101'],
    ['SLO_PERCENT', '94.9'],
    ['SLO_PERCENT', '100'],
    ['MAINTENANCE_MODE', 'yes'],
    ['PROXY_READ_TIMEOUT', '0s'],
    ['PROXY_READ_TIMEOUT', '08s'],
    ['LOG_MAX_MB', '080'],
    ['PROXY_READ_TIMEOUT', '3'],
    ['HEALTH_PATH', '/a b'],
    ['HEALTH_PATH', '/healthz;'],
    ['BLUE_ADDRESS', '10.0.0.1:70000'],
    ['BLUE_ADDRESS', 'app_blue:3000'],
    ['SUBNET_PREFIX', '172.31'],
    ['SUBNET_PREFIX', '172.31.300'],
    ['CONTROL_DIR', '/a"b'],
    ['CONTROL_DIR', 'relative'],
    ['RELEASE_ID_BLUE', 'a b'],
    ['BLUE_IMAGE', '-v'],
    ['RUNBOOK_URL', 'javascript:alert(1)'],
    ['DASHBOARD_URL', 'ops.example'],
    ['ALERT_IDENTIFIER', 'two\nlines'],
  ] as const)('refuse %s=%j by name', (name, value) => {
    expect(() => readSettings({ [name]: value }, [name])).toThrow(`${name}: expected `);
  });

  it('never repeat a secret', () => {
    const read = () => readSettings({ SLACK_WEBHOOK_URL: 'hooks.slack.com/services/T/B/hush' }, ['SLACK_WEBHOOK_URL']);
    expect(read).toThrow(SettingsError);
    expect(read).not.toThrow(/hush/);
  });
});
