import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SettingsError } from '../settings/read.ts';
import { readConfig } from './config.ts';

const url = 'https://hooks.slack.example/services/T000/B000/XXXX';
let directory: string;
let file: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'config-'));
  file = join(directory, 'webhook');
});

afterEach(() => rmSync(directory, { recursive: true }));

function faults(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof SettingsError) return error.faults;
    throw error;
  }
  return [];
}

describe('the configuration', () => {
  it('has a default for everything', () => {
    expect(readConfig({})).toEqual({
      logPath: '/var/log/nginx/access.log',
      controlDirectory: '/var/lib/bluegreen/control',
      host: '0.0.0.0',
      port: 8083,
      thresholdPercent: 2,
      windowSize: 200,
      cooldownMs: 300_000,
      maintenance: false,
    });
  });

  it('takes the webhook from a file', () => {
    writeFileSync(file, `${url}\n`);
    expect(readConfig({ SLACK_WEBHOOK_URL_FILE: file }).webhookUrl).toBe(url);
  });

  it.each(['', '\n'])('has no webhook where the file is empty: %j', (content) => {
    writeFileSync(file, content);
    expect(readConfig({ SLACK_WEBHOOK_URL_FILE: file })).not.toHaveProperty('webhookUrl');
    expect(readConfig({ SLACK_WEBHOOK_URL_FILE: '/dev/null' })).not.toHaveProperty('webhookUrl');
  });

  it('names both variables where both are set', () => {
    writeFileSync(file, url);
    expect(faults({ SLACK_WEBHOOK_URL: url, SLACK_WEBHOOK_URL_FILE: file })).toEqual([
      'SLACK_WEBHOOK_URL and SLACK_WEBHOOK_URL_FILE: expected one of them, got both',
    ]);
  });

  it('says what to do about a file that cannot be read', () => {
    expect(faults({ SLACK_WEBHOOK_URL_FILE: file })).toEqual([
      `SLACK_WEBHOOK_URL_FILE: expected a readable file, got ENOENT for ${file}: create it, or unset the variable`,
    ]);
    expect(faults({ SLACK_WEBHOOK_URL_FILE: directory })[0]).toContain('it is a directory');
  });

  it('tells every fault at once, and no secret', () => {
    writeFileSync(file, 'hooks.slack.example/services/T000');
    const all = faults({ SLACK_WEBHOOK_URL_FILE: file, WINDOW_SIZE: 'abc', WATCHER_PORT: '0' });
    expect(all.map((fault) => fault.split(':')[0])).toEqual(['WATCHER_PORT', 'WINDOW_SIZE', 'SLACK_WEBHOOK_URL_FILE']);
    expect(all.join()).not.toContain('T000');
  });
});
