import { describe, expect, it } from 'vitest';
import { readSettings, SettingsError } from '../settings/read.ts';
import { variableNames } from '../settings/variables.ts';

describe('the settings', () => {
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
    ['HEALTH_PATH', '/healthz?a b'],
    ['HEALTH_PATH', '/healthz?a?b'],
    ['HEALTH_STATUS', '2xx, 301'],
    ['HEALTH_STATUS', '100'],
    ['HEALTH_STATUS', '20'],
    ['HEALTH_HOST', 'https://shop.example'],
    ['HEALTH_HOST', 'shop.example/'],
    ['HEALTH_HOST', '*'],
    ['HEALTH_PROTO', 'wss'],
    ['HEALTH_CHECK', 'udp'],
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
