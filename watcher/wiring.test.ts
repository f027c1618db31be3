import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { accessLine, reroutedLine } from '../test/access-lines.ts';
import { eventually } from '../test/condition.ts';
import { type FakeSlack, startFakeSlack } from '../test/fake-slack.ts';
import { freePorts } from '../test/free-port.ts';
import { readConfig } from './config.ts';
import { startWatcher } from './main.ts';

interface Site {
  readonly slack: FakeSlack;
  readonly logPath: string;
  readonly port: number;
  readonly stop: () => Promise<void>;
}

let directory: string;
let sites: Site[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'wiring-'));
  sites = [];
});

afterEach(async () => {
  await Promise.all(sites.map(({ slack }) => slack.close()));
  rmSync(directory, { recursive: true });
});

async function start(name: string): Promise<Site> {
  const home = join(directory, name);
  mkdirSync(join(home, 'control'), { recursive: true });
  const [port = 0] = await freePorts(1);
  const slack = await startFakeSlack();
  const logPath = join(home, 'access.log');
  writeFileSync(logPath, '');
  const config = readConfig({
    ACCESS_LOG: logPath,
    CONTROL_DIR: join(home, 'control'),
    STATE_DIR: join(home, 'state'),
    BIND_ADDRESS: '127.0.0.1',
    WATCHER_PORT: String(port),
    SLACK_WEBHOOK_URL: slack.url,
    ALERT_IDENTIFIER: name,
  });
  const stop = startWatcher(config, {
    log: pino({ level: 'silent' }),
    fail: (what, error) => {
      throw new Error(what, { cause: error });
    },
  });
  const site = { slack, logPath, port, stop };
  sites.push(site);
  await eventually(`${name} follows its log`, async () => {
    const response = await fetch(`http://127.0.0.1:${port}/healthz`);
    const { log } = (await response.json()) as { log: { state: string; catchingUp: boolean } };
    if (log.state !== 'reading' || log.catchingUp) throw new Error(JSON.stringify(log));
    return true;
  });
  return site;
}

function isListening(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ host: '127.0.0.1', port }, () => resolve(true));
  socket.on('error', () => resolve(false));
  return promise.finally(() => socket.destroy());
}

it('runs twice in one process, and the two watchers share nothing', async () => {
  const [shop, blog] = [await start('shop'), await start('blog')];
  appendFileSync(shop.logPath, `${accessLine()}\n${reroutedLine()}\n`);
  await shop.slack.waitForMessage(({ text }) => text.includes('[shop]'));
  appendFileSync(blog.logPath, `${accessLine()}\n${reroutedLine()}\n`);
  await blog.slack.waitForMessage(({ text }) => text.includes('[blog]'));
  for (const { text } of shop.slack.messages) expect(text).toContain('[shop]');
  for (const { text } of blog.slack.messages) expect(text).toContain('[blog]');
  await Promise.all([shop.stop(), blog.stop()]);
});

it('leaves nothing running, and its last state on disk, after it is stopped', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  const { logPath, port, stop, slack } = await start('shop');
  appendFileSync(logPath, `${accessLine()}\n${reroutedLine()}\n`);
  await slack.waitForMessage(({ text }) => text.includes('[shop]'));
  await stop();
  expect(await isListening(port)).toBe(false);
  expect(timers()).toBeLessThanOrEqual(before);
  expect(readFileSync(join(directory, 'shop', 'state', 'checkpoint.json'), 'utf8')).toContain('"lines":2');
});
