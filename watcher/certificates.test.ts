import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Certificate } from '../certificates/report.ts';
import { accessLine } from '../test/access-lines.ts';
import { certificateAt, dayMs, writeCertificates } from '../test/certificates.ts';
import { eventually } from '../test/condition.ts';
import { type FakeSlack, startFakeSlack } from '../test/fake-slack.ts';
import { Scrape } from '../test/scrape.ts';
import { WatcherProcess } from '../test/watcher-process.ts';

let slack: FakeSlack;
let watcher: WatcherProcess;

const acmeDirectory = () => join(watcher.directory, 'acme');
const report = (...changed: readonly Partial<Certificate>[]) =>
  writeCertificates(
    acmeDirectory(),
    changed.map((one) => certificateAt(Date.now(), one)),
  );
const headlines = () => slack.messages.map(({ text }) => text.split('\n')[0]);
const sent = (headline: string) => slack.waitForMessage(({ text }) => text.startsWith(headline), 10_000);
const states = (expected: readonly string[] | undefined) =>
  watcher.until(`the states ${expected}`, ({ certificates }) =>
    expected === undefined
      ? certificates === undefined
      : certificates?.map(({ state }) => state).join() === expected.join(),
  );

/** Waits until no queued alert is left on disk: a crash after that repeats nothing. */
const deliveredOnDisk = () =>
  eventually('an empty outbox on disk', () =>
    readFileSync(join(watcher.stateDirectory, 'checkpoint.json'), 'utf8').includes('"slack":{"entries":[]'),
  );

async function start(env: NodeJS.ProcessEnv = { DOMAINS: 'shop.example,www.shop.example' }): Promise<void> {
  watcher = await WatcherProcess.prepare({ SLACK_WEBHOOK_URL: slack.url, ...env });
  // Without a log, a restarted watcher waits for one before it sends alerts.
  watcher.log(accessLine());
  await watcher.again({ ACME_DIR: acmeDirectory() });
}

async function crash(): Promise<void> {
  await deliveredOnDisk();
  await watcher.kill();
}

beforeEach(async () => {
  slack = await startFakeSlack({ unlimited: true });
});

afterEach(async () => {
  await watcher.close();
  await slack.close();
});

describe('a watcher of certificates', () => {
  it('tells once that a renewal fails, that the certificate runs out, and that it was renewed, over crashes', async () => {
    await start();
    const failing = { failures: 3, error: 'the CA\nis <down>', nextAttemptMs: Date.now() + 3_600_000 };
    report(failing);
    const { body } = await sent('Certificate of shop.example cannot be renewed: 3 attempts failed');
    expect(JSON.stringify(body)).toContain('the CA is &lt;down&gt;');
    await crash();
    report({ ...failing, failures: 4 });
    await watcher.again();
    await states(['failing']);
    // The next threshold was passed while the watcher was away.
    await crash();
    const issuedMs = Date.now() - 80 * dayMs;
    const old = { notBeforeMs: issuedMs, notAfterMs: issuedMs + 90 * dayMs, renewAtMs: issuedMs + 60 * dayMs };
    report({ ...old, ...failing, failures: 30 });
    await watcher.again();
    await sent('Certificate of shop.example runs out in 10 days');
    await crash();
    report({});
    await watcher.again();
    await sent('Certificate of shop.example renewed: valid until');
    await crash();
    await watcher.again();
    await states(['ok']);
    await deliveredOnDisk();
    expect(headlines()).toHaveLength(3);
    const incidents = slack.messages.map(({ body }) => /incident `([\d-]+)`/.exec(JSON.stringify(body))?.[1]);
    expect(new Set(incidents).size).toBe(1);
  });

  it('merges a beginning that Slack has not accepted with its end', async () => {
    await start();
    slack.answer('500');
    report({ source: 'self-signed', failures: 3 });
    await slack.waitFor(() => slack.requests > 0);
    report({});
    await states(['ok']);
    slack.answer('ok');
    await sent('Certificate of shop.example issued: valid until');
    expect(headlines()).toHaveLength(1);
  });

  it('works without a report, and with one that is damaged', async () => {
    await start();
    await states([]);
    report({});
    await states(['ok']);
    writeFileSync(join(acmeDirectory(), 'certificates.json'), 'damaged');
    await watcher.waitForOutput(/the report on certificates is ignored/);
    const { health } = await watcher.health();
    expect(health.status).toBe('ok');
    expect(health.certificates).toMatchObject([{ domain: 'shop.example', state: 'ok' }]);
  });

  it('knows nothing of certificates without DOMAINS, even if an old report is there', async () => {
    await start({});
    report({ failures: 9, notAfterMs: Date.now() });
    const isRead = watcher.until('a line', ({ log }) => log.lines === 1);
    watcher.log(accessLine());
    await isRead;
    await states(undefined);
    expect(await watcher.metrics()).not.toContain('bluegreen_certificate_state{');
    expect(headlines()).toEqual([]);
  });

  it('has metrics of each', async () => {
    await start();
    const notAfterMs = Date.now() + 60 * dayMs;
    report({ notAfterMs }, { domain: 'www.shop.example', source: 'self-signed', failures: 3, notAfterMs });
    await states(['ok', 'missing']);
    const seen = new Scrape(await watcher.metrics());
    expect(seen.of('bluegreen_certificate_expiry_timestamp_seconds')).toEqual({
      '{domain="shop.example",source="acme"}': notAfterMs / 1_000,
      '{domain="www.shop.example",source="self-signed"}': notAfterMs / 1_000,
    });
    expect(seen.of('bluegreen_certificate_renewal_failures')).toEqual({
      '{domain="shop.example"}': 0,
      '{domain="www.shop.example"}': 3,
    });
    expect(seen.value('bluegreen_certificate_state{domain="shop.example",state="ok"}')).toBe(1);
    expect(seen.value('bluegreen_certificate_state{domain="shop.example",state="expired"}')).toBe(0);
    expect(seen.value('bluegreen_certificate_state{domain="www.shop.example",state="missing"}')).toBe(1);
    expect(seen.value('bluegreen_incident_open{kind="certificate-renewal-failed"}')).toBe(1);
  });
});
