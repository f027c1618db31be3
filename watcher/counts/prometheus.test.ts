import { afterEach, describe, expect, it } from 'vitest';
import { accessLine, reroutedLine, unservedLine } from '../../test/access-lines.ts';
import { eventually } from '../../test/condition.ts';
import { type FakeSlack, startFakeSlack } from '../../test/fake-slack.ts';
import { Scrape } from '../../test/scrape.ts';
import { WatcherProcess } from '../../test/watcher-process.ts';

let watcher: WatcherProcess;
let slack: FakeSlack | undefined;

afterEach(async () => {
  await watcher.close();
  await slack?.close();
  slack = undefined;
});

const scrape = async () => new Scrape(await watcher.metrics());
const lines = (count: number) => watcher.until(`${count} lines`, ({ log }) => log.lines === count);
const good = (count: number) => Array.from({ length: count }, () => accessLine());

describe('GET /metrics', () => {
  it('has what was read, who answered and what was decided', async () => {
    watcher = await WatcherProcess.start();
    watcher.log(...good(3), reroutedLine(), unservedLine(), 'no line of ours');
    await lines(6);
    const seen = await scrape();
    expect(seen.value('bluegreen_log_lines_total')).toBe(6);
    expect(seen.value('bluegreen_log_rejects_total{reason="malformed"}')).toBe(1);
    expect(seen.value('bluegreen_log_lag_bytes')).toBe(0);
    expect(seen.value('bluegreen_requests_total{pool="blue",status="2xx"}')).toBe(3);
    expect(seen.value('bluegreen_masked_failures_total{pool="blue"}')).toBe(1);
    expect(seen.of('bluegreen_slo_requests_total')).toEqual({ '{result="good"}': 4, '{result="failed"}': 1 });
    expect(seen.of('bluegreen_failovers_total')).toEqual({ '{pool="blue"}': 1, '{pool="green"}': 0 });
    expect(seen.value('bluegreen_alerts_total{kind="failover",result="sent"}')).toBe(1);
    expect(seen.of('bluegreen_pool_active')).toEqual({ '{pool="blue"}': 1, '{pool="green"}': 0 });
    expect(seen.of('bluegreen_pool_up')).toEqual({ '{pool="blue"}': 1, '{pool="green"}': 1 });
    expect(seen.value('bluegreen_incident_open{kind="failover"}')).toBe(1);
    expect(seen.value('bluegreen_incident_open{kind="outage"}')).toBe(0);
    expect(seen.value('bluegreen_window_error_ratio')).toBe(0.4);
    expect(seen.value('bluegreen_error_rate_threshold_ratio')).toBe(0.02);
    expect(seen.value('bluegreen_alerts_muted')).toBe(0);
    expect(seen.value('process_resident_memory_bytes')).toBeGreaterThan(20e6);
  });

  it('counts the bytes of whole lines', async () => {
    watcher = await WatcherProcess.start();
    const line = accessLine();
    watcher.log(line, line);
    await lines(2);
    expect((await scrape()).value('bluegreen_log_bytes_total')).toBe(2 * (line.length + 1));
  });

  it('has the deliveries, how long they took and what waits', async () => {
    slack = await startFakeSlack();
    slack.answer('500');
    watcher = await WatcherProcess.start({ SLACK_WEBHOOK_URL: slack.url });
    watcher.log(...good(3), reroutedLine());
    const waiting = await eventually('a failed attempt', async () => {
      const seen = await scrape();
      return seen.value('bluegreen_notification_failures_total{channel="slack"}') > 0 ? seen : undefined;
    });
    expect(waiting.value('bluegreen_outbox_messages{channel="slack"}')).toBe(1);
    expect(waiting.value('bluegreen_outbox_oldest_age_seconds{channel="slack"}')).toBeGreaterThan(0);
    expect(waiting.value('bluegreen_channel_state{channel="slack",state="retrying"}')).toBe(1);
    slack.answer('ok');
    await slack.waitForMessage(() => true, 15_000);
    const delivered = 'bluegreen_notifications_total{channel="slack",kind="failover",result="delivered"}';
    const final = await eventually('the delivery', async () => {
      const seen = await scrape();
      return seen.value(delivered) === 1 ? seen : undefined;
    });
    expect(final.value('bluegreen_outbox_messages{channel="slack"}')).toBe(0);
    expect(final.value('bluegreen_notification_latency_seconds_count{channel="slack"}')).toBe(1);
    expect(final.value('bluegreen_notifications_total{channel="slack",kind="failover",result="dropped"}')).toBe(0);
    expect(final.text).not.toContain(slack.secret);
    expect(final.text).not.toContain(new URL(slack.url).host);
  });

  it('has the time of each release and of the last alert of each kind', async () => {
    watcher = await WatcherProcess.start({ MAINTENANCE_MODE: 'true' });
    const [before, after] = [Date.now() - 60_000, Date.now() - 30_000];
    const at = (startMs: number) => ({ startMs, tookMs: 0 });
    watcher.log(accessLine({ release: '1.0', ...at(before) }), accessLine({ release: '1.1', ...at(after) }));
    watcher.log(accessLine({ active: 'green', release: '-', ...at(after) }));
    watcher.log(reroutedLine({ active: 'green', release: '1.1' }));
    await lines(4);
    const seen = await scrape();
    expect(seen.of('bluegreen_pool_release_timestamp_seconds')).toEqual({
      '{pool="blue",release="1.1"}': after / 1_000,
    });
    const last = seen.of('bluegreen_alert_last_timestamp_seconds');
    expect(Object.keys(last)).toEqual(['{kind="switch",result="sent"}', '{kind="failover",result="held_back"}']);
    for (const seconds of Object.values(last)) expect(Math.abs(seconds - Date.now() / 1_000)).toBeLessThan(60);
  });

  it('counts dropped alerts', async () => {
    slack = await startFakeSlack();
    slack.answer('400');
    watcher = await WatcherProcess.start({ SLACK_WEBHOOK_URL: slack.url });
    watcher.log(...good(3), reroutedLine());
    await eventually('the dropped alert', async () => {
      const seen = await scrape();
      return seen.value('bluegreen_notifications_total{channel="slack",kind="failover",result="dropped"}') === 1;
    });
  });

  it('counts alerts that are held back, and failed writes of the checkpoint', async () => {
    watcher = await WatcherProcess.start({ MAINTENANCE_MODE: 'true', STATE_DIR: '/proc/none' });
    watcher.log(...good(3), reroutedLine());
    await lines(4);
    const seen = await scrape();
    expect(seen.value('bluegreen_alerts_total{kind="failover",result="held_back"}')).toBe(1);
    expect(seen.value('bluegreen_alerts_total{kind="failover",result="sent"}')).toBe(0);
    await eventually(
      'a write that failed',
      async () => (await scrape()).value('bluegreen_checkpoint_errors_total') > 0,
    );
    expect(seen.has('bluegreen_checkpoint_last_success_timestamp_seconds')).toBe(false);
  });

  it('has no series that a client can create', async () => {
    watcher = await WatcherProcess.start();
    watcher.log(accessLine());
    await lines(1);
    const before = Object.keys((await scrape()).of('bluegreen_requests_total')).length;
    watcher.log(
      accessLine({ method: 'EVIL', uri: '/evil"}\\n', userAgent: 'evil' }),
      accessLine({ release: 'evil"}', status: 999 }),
      accessLine({ status: 404, uri: '/evil' }),
    );
    await lines(4);
    const after = await scrape();
    expect(after.text).not.toContain('evil');
    expect(Object.keys(after.of('bluegreen_requests_total'))).toHaveLength(before);
  });
});

describe('after a restart', () => {
  const totals = async () => {
    const seen = await scrape();
    const { '{result="good"}': ok = 0 } = seen.of('bluegreen_slo_requests_total');
    return { lines: seen.value('bluegreen_log_lines_total'), ok, failovers: seen.of('bluegreen_failovers_total') };
  };

  it('counts start at 0 and include lines written meanwhile', async () => {
    watcher = await WatcherProcess.start();
    watcher.log(...good(10), reroutedLine());
    await lines(11);
    expect(await totals()).toEqual({ lines: 11, ok: 11, failovers: { '{pool="blue"}': 1, '{pool="green"}': 0 } });
    watcher.signal('SIGTERM');
    await watcher.exitCode();
    watcher.log(...good(5));
    await watcher.again();
    await lines(16);
    expect(await totals()).toEqual({ lines: 5, ok: 5, failovers: { '{pool="blue"}': 0, '{pool="green"}': 0 } });
  });

  it('no line counts for both processes, even if the second one reads some again after a crash', async () => {
    watcher = await WatcherProcess.start();
    let before = 0;
    // Checkpoints are a second apart: without further care, each scrape would count lines that no checkpoint holds yet.
    for (const wanted of [100, 200, 300]) {
      watcher.log(...good(100));
      await lines(wanted);
      before = (await totals()).lines;
    }
    await watcher.kill();
    watcher.log(...good(7));
    await watcher.again();
    await lines(307);
    expect(before + (await totals()).lines).toBe(307);
  });
});
