import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readSettings } from '../../settings/read.ts';
import { settingNames } from '../../settings/variables.ts';
import { envFileFindings, ipv6Finding, portExposure } from './exposure.ts';
import { publishedPorts } from './port-owner.ts';

const settings = (env: NodeJS.ProcessEnv) => readSettings(env, settingNames);
const exposed = (env: NodeJS.ProcessEnv) => portExposure(publishedPorts(settings(env)));

describe('the ports of a stack', () => {
  it('are open as the settings say: the public one to everybody, the others to this machine', () => {
    expect(exposed({})).toEqual([
      { level: 'ok', text: 'port 8080 (NGINX_PORT) is open to everybody who can reach this machine, on all addresses' },
      { level: 'ok', text: 'port 8081 (BLUE_PORT) is open to this machine only' },
      { level: 'ok', text: 'port 8082 (GREEN_PORT) is open to this machine only' },
      { level: 'ok', text: 'port 8083 (WATCHER_PORT) is open to this machine only' },
    ]);
    expect(exposed({ NGINX_BIND: '[::1]' })[0]?.text).toContain('to this machine only');
    expect(exposed({ NGINX_BIND: '[::]' })[0]?.text).toContain('to everybody who can reach this machine over IPv6');
    expect(exposed({ NGINX_BIND: '10.0.0.7' })[0]?.text).toContain('to everybody who can reach 10.0.0.7');
  });

  it('are a warning each if they get past the edge and others can reach them', () => {
    const [nginx, ...direct] = exposed({ DIRECT_BIND: '0.0.0.0' });
    expect(nginx?.level).toBe('ok');
    expect(direct.map(({ level }) => level)).toEqual(['warning', 'warning', 'warning']);
    expect(direct[0]?.text).toMatch(/gets past the edge.*DIRECT_BIND=127\.0\.0\.1/);
  });
});

describe('visitors over IPv6', () => {
  it.each([
    [{}, ['10.0.0.7', '2001:db8::7'], 1],
    [{}, ['10.0.0.7', 'fe80::7', 'fd00::7', '::1'], 0],
    [{ NGINX_BIND: '0.0.0.0' }, ['2001:db8::7'], 0],
    [{ NGINX_BIND: '127.0.0.1' }, ['2001:db8::7'], 0],
    [{ NGINX_BIND: '[::]' }, [], 1],
    [{ NGINX_BIND: '[2001:db8::7]' }, [], 1],
    [{ NGINX_BIND: '[::1]' }, ['2001:db8::7'], 0],
  ])('on %j of a machine with %j: %i warnings', (env, addresses, count) => {
    expect(ipv6Finding({ settings: settings(env) }, addresses)).toHaveLength(count);
  });
});

describe('an env file that others can read', () => {
  it('is a warning if it has a secret, or is that of the app', () => {
    const root = mkdtempSync(join(tmpdir(), 'bluegreen-exposure-'));
    onTestFinished(() => rmSync(root, { recursive: true }));
    const envFile = join(root, '.env');
    writeFileSync(envFile, '');
    chmodSync(envFile, 0o644);
    const findings = (env: NodeJS.ProcessEnv, shell: NodeJS.ProcessEnv = {}) =>
      envFileFindings({ root, envFile, env, shell, settings: settings({}) });
    const secret = { PREVIEW_TOKEN: 'a-token-of-16-chars' };
    expect(findings({ PORT: '80' })).toEqual([]);
    expect(findings(secret, secret)).toEqual([]);
    expect(findings(secret).map(({ text }) => text)).toEqual([expect.stringContaining(`chmod 600 ${envFile}`)]);
    chmodSync(envFile, 0o640);
    expect(findings(secret)).toEqual([]);
    const appEnvFile = join(root, 'app.env');
    writeFileSync(appEnvFile, '');
    chmodSync(appEnvFile, 0o644);
    expect(findings({}).map(({ text }) => text)).toEqual([expect.stringContaining(`chmod 600 ${appEnvFile}`)]);
  });
});
