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
      stateDirectory: '/var/lib/bluegreen/watcher',
      acmeDirectory: '/var/lib/bluegreen/acme',
      domains: [],
      host: '0.0.0.0',
      port: 8083,
      thresholdPercent: 2,
      windowSize: 200,
      cooldownMs: 300_000,
      maintenance: false,
      channels: [],
      proxies: { http: '', https: '', except: '' },
      addresses: { blue: '172.31.240.11:3000', green: '172.31.240.75:3000' },
    });
  });

  it('takes the webhook from a file', () => {
    writeFileSync(file, `${url}\n`);
    expect(readConfig({ SLACK_WEBHOOK_URL_FILE: file }).channels).toEqual([{ name: 'slack', kind: 'slack', url }]);
  });

  it('takes the other channels and the key that signs from files', () => {
    const [list, key] = [join(directory, 'list'), join(directory, 'key')];
    writeFileSync(list, 'discord=https://d.example/1\nwebhook=http://w/\n');
    writeFileSync(key, 'a-key-of-16-chars\n');
    const { channels, webhookSecret } = readConfig({ ALERT_WEBHOOKS_FILE: list, ALERT_WEBHOOK_SECRET_FILE: key });
    expect(channels.map(({ name }) => name)).toEqual(['discord', 'webhook']);
    expect(webhookSecret).toBe('a-key-of-16-chars');
  });

  it.each(['', '\n'])('refuses a file that is empty: %j', (content) => {
    writeFileSync(file, content);
    for (const name of ['SLACK_WEBHOOK_URL', 'ALERT_WEBHOOKS', 'ALERT_WEBHOOK_SECRET'])
      expect(faults({ [`${name}_FILE`]: file })).toEqual([
        `${name}_FILE: expected ${file} to contain ${name}, got an empty file`,
      ]);
  });

  it('names both variables if both are set', () => {
    writeFileSync(file, url);
    expect(faults({ SLACK_WEBHOOK_URL: url, SLACK_WEBHOOK_URL_FILE: file })).toEqual([
      'SLACK_WEBHOOK_URL, SLACK_WEBHOOK_URL_FILE: expected only one of them, got both',
    ]);
  });

  it('says what to do about a file that cannot be read', () => {
    expect(faults({ SLACK_WEBHOOK_URL_FILE: file })).toEqual([
      `SLACK_WEBHOOK_URL_FILE: expected a readable file, got ENOENT for ${file}: create it, or unset the variable`,
    ]);
    expect(faults({ SLACK_WEBHOOK_URL_FILE: directory })[0]).toContain('it is a directory');
  });

  it('reports all faults at once, and no secret', () => {
    writeFileSync(file, 'hooks.slack.example/services/T000');
    const all = faults({ SLACK_WEBHOOK_URL_FILE: file, WINDOW_SIZE: 'abc', WATCHER_PORT: '0' });
    expect(all.map((fault) => fault.split(/[:,]/)[0])).toEqual([
      'WINDOW_SIZE',
      'WATCHER_PORT',
      'SLACK_WEBHOOK_URL_FILE',
    ]);
    expect(all.join()).not.toContain('T000');
  });

  it('reads more channels from a list, each once', () => {
    const env = {
      SLACK_WEBHOOK_URL: url,
      ALERT_WEBHOOKS: `discord=https://d.example/1 slack=${url},\nwebhook=http://w/`,
    };
    expect(readConfig(env).channels).toEqual([
      { name: 'slack', kind: 'slack', url },
      { name: 'discord', kind: 'discord', url: 'https://d.example/1' },
      { name: 'webhook', kind: 'webhook', url: 'http://w/' },
    ]);
  });

  it('names the position of each invalid entry of the list, and no secret', () => {
    const list = 'slack=hush.example/T000,teams=https://hush/1 discord=https://hush/2 webhook=https://hush/2 hush';
    expect(
      faults({ ALERT_WEBHOOKS: list, ALERT_WEBHOOK_SECRET: 'hush', HTTPS_PROXY: 'socks5://u:hush@proxy' }),
    ).toEqual([
      'ALERT_WEBHOOKS: expected entry 1 (slack) to be an http:// or https:// URL',
      'ALERT_WEBHOOKS: expected entry 2 to begin with slack=, mattermost=, discord=, webhook=',
      'ALERT_WEBHOOKS: expected entry 4 (webhook) to be another URL than entry 3',
      'ALERT_WEBHOOKS: expected entry 5 to begin with slack=, mattermost=, discord=, webhook=',
      'ALERT_WEBHOOK_SECRET: expected at least 16 characters, got something else (not shown: it is a secret)',
      'HTTPS_PROXY: expected an http:// or https:// URL, got something else (not shown: it is a secret)',
    ]);
  });

  it('accepts both spellings of proxy variables, upper case first', () => {
    expect(
      readConfig({ HTTPS_PROXY: 'proxy:3128', https_proxy: 'http://other', no_proxy: 'a.example,10.0.0.1' }).proxies,
    ).toEqual({
      http: '',
      https: 'http://proxy:3128',
      except: 'a.example,10.0.0.1',
    });
  });
});
