import { once } from 'node:events';
import { appendFileSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { accessLine, reroutedLine, unservedLine } from '../test/access-lines.ts';
import { eventually } from '../test/condition.ts';
import { type FakeSlack, startFakeSlack } from '../test/fake-slack.ts';
import { alertTestRecord, journalText } from '../test/journal-records.ts';
import { WatcherProcess } from '../test/watcher-process.ts';

let slack: FakeSlack;
let watcher: WatcherProcess;

async function start(env: NodeJS.ProcessEnv = {}): Promise<void> {
  watcher = await WatcherProcess.start({ SLACK_WEBHOOK_URL: slack.url, ...env });
}

/** The headlines of all messages so far. */
const headlines = () => slack.messages.map(({ text }) => text.split('\n')[0]);

async function sent(headline: string, deadlineMs?: number): Promise<void> {
  await slack.waitForMessage(({ text }) => text.startsWith(headline), deadlineMs);
}

/** The start of the nth request, far enough from the others for the edge's clock to show their order. */
const at = (number: number) => ({ startMs: Date.now() - 1_000 + 200 * number });

beforeEach(async () => {
  slack = await startFakeSlack();
});

afterEach(async () => {
  await watcher.close();
  await slack.close();
});

describe('the watcher', () => {
  it('sends a failover and its recovery once each, across a rotation', async () => {
    await start({
      ALERT_IDENTIFIER: 'shop',
      RUNBOOK_URL: 'https://wiki.example/runbook',
      DASHBOARD_URL: 'https://ops.example/shop',
    });
    watcher.log(accessLine(), reroutedLine(), accessLine({ pool: 'green', active: 'blue' }));
    await sent('Failover detected: blue → green (to standby) [shop]');
    renameSync(watcher.logPath, `${watcher.logPath}.1`);
    watcher.log(accessLine(), accessLine());
    await sent('Recovery detected: back to blue (active) [shop]');
    watcher.log(accessLine({ active: 'green' }));
    await sent('Unexplained switch: blue → green');
    expect(headlines()).toHaveLength(3);
    const whole = JSON.stringify(slack.messages[0]?.body);
    expect(whole).toContain('<https://wiki.example/runbook#failover|Runbook>');
    expect(whole).toContain('<https://ops.example/shop|Dashboard>');
  });

  it('has a pool checked within a second after a request failed there', async () => {
    const asked = Promise.withResolvers<number>();
    const prober = createServer((request, response) => {
      if (request.method === 'POST' && request.url === '/check/blue') asked.resolve(Date.now());
      response.writeHead(204).end();
    }).listen(0, '127.0.0.1');
    await once(prober, 'listening');
    await start({ PROBER_ADDRESS: `127.0.0.1:${(prober.address() as AddressInfo).port}` });
    const failedMs = Date.now();
    watcher.log(accessLine({ status: 500 }));
    expect((await asked.promise) - failedMs).toBeLessThan(1_000);
    prober.closeAllConnections();
    prober.close();
  });

  it('sends an error rate and an outage', async () => {
    await start({ WINDOW_SIZE: '60', ERROR_RATE_THRESHOLD: '5' });
    watcher.log(...Array.from({ length: 60 }, () => unservedLine()));
    await sent('Outage: no pool can serve requests');
    await sent('High upstream error rate');
    watcher.log(accessLine());
    await sent('Outage resolved: blue can serve again');
  });

  it('sends that the standby is down, according to its flag', async () => {
    await start();
    writeFileSync(join(watcher.controlDirectory, 'green.down'), '{"since":1,"cause":"refused"}');
    await sent('Standby down: green', 10_000);
    expect(JSON.stringify(slack.messages[0]?.body)).toContain('health check: refused');
  });

  it('names the cause in the flag if the edge routed directly to the standby', async () => {
    await start();
    writeFileSync(join(watcher.controlDirectory, 'blue.down'), '{"since":1,"cause":"status 500"}');
    watcher.log(accessLine({ pool: 'green', active: 'blue' }));
    await sent('Failover detected');
    expect(JSON.stringify(slack.messages[0]?.body)).toContain('health check: status 500');
  });

  it('sends nothing about lines from before its start', async () => {
    const early = await WatcherProcess.spawn({ SLACK_WEBHOOK_URL: slack.url });
    watcher = early;
    early.log(reroutedLine());
    await early.waitForOutput(/following the access log/);
    early.log(accessLine(at(1)), accessLine({ active: 'green', ...at(2) }));
    await sent('Unexplained switch');
    expect(headlines()).toHaveLength(1);
  });

  it('holds back and logs failovers during maintenance, and sends everything else', async () => {
    await start({ MAINTENANCE_MODE: 'true' });
    const unserved = [3, 4, 5].map((number) => unservedLine({ active: 'green', ...at(number) }));
    watcher.log(reroutedLine(at(1)), accessLine({ active: 'green', ...at(2) }), ...unserved);
    await watcher.waitForOutput(/held back: Failover detected: blue → green \(to standby\)/);
    await sent('Outage: no pool can serve requests');
    const { health } = await watcher.health();
    expect(health).toMatchObject({ status: 'ok', maintenance: true });
    expect(headlines()).toEqual(['Unexplained switch: blue → green', 'Outage: no pool can serve requests']);
  });

  it('is healthy without a webhook, and logs its alerts', async () => {
    await start({ SLACK_WEBHOOK_URL: '' });
    watcher.log(reroutedLine());
    await watcher.waitForOutput(/Failover detected: blue → green \(to standby\)/);
    const { httpStatus, health } = await watcher.health();
    expect([httpStatus, health.status, health.slack]).toEqual([200, 'ok', { configured: false }]);
  });

  it('is healthy while it waits for its log, and reports what it has read', async () => {
    await start();
    expect(await watcher.health()).toMatchObject({ httpStatus: 200, health: { log: { state: 'waiting', lines: 0 } } });
    watcher.log(accessLine(at(1)), 'garbage', '', reroutedLine(at(2)));
    await sent('Failover');
    const { health } = await watcher.health();
    expect(health).toMatchObject({
      log: { state: 'reading', lines: 4, lagBytes: 0, rejects: { malformed: 1, empty: 1 } },
      active: 'blue',
      serving: 'green',
      openIncidents: [{ kind: 'failover' }],
      window: { samples: 2, failed: 1, errorPercent: 50 },
      slack: { configured: true, state: 'open' },
    });
  });

  it('is degraded while its log is not a regular file, and says so', async () => {
    const early = await WatcherProcess.spawn();
    watcher = early;
    mkdirSync(early.logPath);
    await early.waitForOutput(/cannot read the access log: .* is not a regular file/);
    expect(await early.health()).toMatchObject({ httpStatus: 503, health: { status: 'degraded' } });
  });

  it('delivers queued alerts before it exits', async () => {
    await start();
    slack.answer('500', { times: 1 });
    watcher.log(reroutedLine(at(1)), accessLine(at(2)), accessLine({ active: 'green', ...at(3) }));
    await slack.waitFor(() => slack.requests === 1);
    watcher.signal('SIGTERM');
    expect(await watcher.exitCode()).toBe(0);
    expect(headlines().at(-1)).toBe('Unexplained switch: blue → green');
  });

  it('reads the last lines before it exits', async () => {
    await start();
    watcher.log(reroutedLine());
    watcher.signal('SIGTERM');
    expect(await watcher.exitCode()).toBe(0);
    expect(headlines()).toEqual(['Failover detected: blue → green (to standby)']);
  });

  it('sends a test alert, and reports which channels delivered it', async () => {
    await start();
    const journal = join(watcher.controlDirectory, 'journal.jsonl');
    writeFileSync(journal, journalText(alertTestRecord(Date.now(), 't-1')));
    await sent('Test alert: this channel works');
    const deliveries = () => watcher.alerts().then((alerts) => alerts.find(({ incident }) => incident === 't-1'));
    await eventually('the delivery', async () => (await deliveries())?.delivery[0]?.state === 'sent');
    expect(await deliveries()).toEqual({ incident: 't-1', delivery: [{ channel: 'slack', state: 'sent' }] });
    slack.answer('400');
    appendFileSync(journal, journalText(alertTestRecord(Date.now(), 't-2')));
    await eventually('the refusal', async () => (await watcher.alerts())[0]?.delivery[0]?.state === 'failed');
  });

  it('exits in time when Slack hangs, and logs what it could not deliver', async () => {
    await start();
    slack.answer('hang');
    watcher.log(reroutedLine());
    await slack.waitFor(() => slack.requests === 1);
    const began = Date.now();
    watcher.signal('SIGTERM');
    expect(await watcher.exitCode()).toBe(0);
    expect(Date.now() - began).toBeLessThan(8_000);
    expect(watcher.output).toContain('not delivered: Failover detected: blue → green (to standby)');
  });

  it.each(['404', 'reset', 'redirect', '400'] as const)(
    'never reveals the webhook, whatever Slack does: %s',
    async (behaviour) => {
      slack.answer(behaviour);
      await start();
      watcher.log(reroutedLine(at(1)), accessLine(at(2)), accessLine({ active: 'green', ...at(3) }));
      await slack.waitFor(() => slack.requests >= 1);
      await watcher.waitForOutput(/failed to deliver an alert/);
      const { httpStatus, text } = await watcher.health();
      expect(httpStatus).toBe(behaviour === '404' || behaviour === 'redirect' ? 503 : 200);
      watcher.signal('SIGTERM');
      await watcher.exitCode();
      const everything = text + watcher.output;
      expect(everything).not.toContain(slack.secret);
      expect(everything).not.toMatch(/T0FAKE|notreallyasecret/);
      expect(everything).not.toContain(new URL(slack.url).host);
    },
  );

  it('names every invalid setting and does not start', async () => {
    watcher = await WatcherProcess.spawn({
      WINDOW_SIZE: 'abc',
      ERROR_RATE_THRESHOLD: '0',
      SLACK_WEBHOOK_URL: 'hooks.slack.example/T0SECRET',
    });
    expect(await watcher.exitCode()).toBe(2);
    const lines = watcher.output.trim().split('\n');
    expect(lines.map((line) => line.split(': ').slice(0, 2).join(': '))).toEqual([
      'alert_watcher: SLACK_WEBHOOK_URL',
      'alert_watcher: ERROR_RATE_THRESHOLD',
      'alert_watcher: WINDOW_SIZE',
    ]);
    expect(watcher.output).not.toContain('T0SECRET');
  });

  it('says that its port is taken', async () => {
    const { port } = new URL(slack.url);
    watcher = await WatcherProcess.spawn({ WATCHER_PORT: port });
    expect(await watcher.exitCode()).toBe(1);
    expect(watcher.output).toContain(`cannot listen on 127.0.0.1:${port} (WATCHER_PORT)`);
    expect(watcher.output).toContain('EADDRINUSE');
  });
});
