import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../condition.ts';
import { createStack, expectDone, root, type TestStack } from '../stack.ts';

const secrets = {
  SLACK_WEBHOOK_URL: 'http://127.0.0.1:9/services/T0/B0/hush-slack',
  ALERT_WEBHOOKS: 'discord=http://127.0.0.1:9/hush-discord',
  ALERT_WEBHOOK_SECRET: 'hush-the-key-that-signs',
  PREVIEW_TOKEN: 'hush-the-preview-token',
};
const directory = join(tmpdir(), `bluegreen-secrets-${process.pid}`);
let stack: TestStack;

beforeAll(async () => {
  mkdirSync(directory, { recursive: true });
  stack = await createStack('host');
});

afterAll(async () => {
  await stack.remove();
  rmSync(directory, { recursive: true, force: true });
});

/** The files of the stack that contain the text, by content. */
function filesWith(text: string): string[] {
  const state = join(root, '.bluegreen/stacks', stack.prefix);
  const paths = readdirSync(state, { recursive: true, encoding: 'utf8' }).map((name) => join(state, name));
  return paths.filter((path) => statSync(path).isFile() && readFileSync(path, 'utf8').includes(text));
}

/** From the watcher's own words: how many channels it has. */
const channels = async () => {
  const answer = await fetch(`http://127.0.0.1:${stack.ports.watcher}/metrics`);
  return new Set([...(await answer.text()).matchAll(/channel="([a-z0-9-]+)"/g)].map(([, name]) => name));
};
const hasChannels = (...names: string[]) =>
  eventually(`the channels ${names}`, async () => {
    const found = await channels().catch(() => new Set());
    return names.every((name) => found.has(name));
  });
const isPreview = async () => {
  const headers = { 'X-Bluegreen-Preview': secrets.PREVIEW_TOKEN };
  return (await fetch(`${stack.url}/version`, { headers })).headers.get('x-app-pool') === 'green';
};

describe('secrets on the host engine', () => {
  it('reach the programs from .env, and are in no file of the stack', async () => {
    stack.configure(secrets);
    expectDone(await stack.bluegreen('up'));
    await hasChannels('slack', 'discord');
    expect(await isPreview()).toBe(true);
    expect(filesWith('hush-')).toEqual([]);
  });

  it('reach a running stack when they change, and still after its services are replaced and restarted', async () => {
    stack.configure({ ...secrets, ALERT_WEBHOOKS: 'webhook=http://127.0.0.1:9/hush-webhook' });
    expectDone(await stack.bluegreen('up'));
    await hasChannels('slack', 'webhook');
    expectDone(await stack.bluegreen('chaos', 'blue', 'kill'));
    expectDone(await stack.bluegreen('chaos', 'blue', 'stop'));
    await hasChannels('slack', 'webhook');
    expect(filesWith('hush-')).toEqual([]);
  });

  it('can be in files, also when the stack is running', async () => {
    const files = Object.entries(secrets).map(([name, value]) => {
      const path = join(directory, name);
      writeFileSync(path, `${value}\n`, { mode: 0o600 });
      return [`${name}_FILE`, path] as const;
    });
    stack.configure(Object.fromEntries(files));
    expectDone(await stack.bluegreen('up'));
    await hasChannels('slack', 'discord');
    expect(await isPreview()).toBe(true);
    expect(filesWith('hush-')).toEqual([]);
    expect(expectDone(await stack.bluegreen('doctor')).stdout).toContain('a webhook is set');
  });

  it('in a file that is empty stop the start, and only the names are shown', async () => {
    const path = join(directory, 'empty');
    writeFileSync(path, '\n');
    stack.configure({ PREVIEW_TOKEN_FILE: path });
    const { exitCode, stderr } = await stack.bluegreen('up');
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`PREVIEW_TOKEN_FILE: expected ${path} to contain PREVIEW_TOKEN, got an empty file`);
    stack.configure({});
  });
});
