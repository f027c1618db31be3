// What the watcher costs at a steady rate, and how long an alert takes from the log line that causes it to the request
// at Slack.
//
//   node bench/watcher-steady.ts [--rate 5000] [--seconds 60] [--alerts 100]
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { accessLine } from '../test/access-lines.ts';
import { startFakeSlack } from '../test/fake-slack.ts';
import { Subject } from './subject.ts';

const text = (value: string) => ({ type: 'string', default: value }) as const;
const { values } = parseArgs({ options: { rate: text('5000'), seconds: text('60'), alerts: text('100') } });
const rate = Number(values.rate);
const writesPerSecond = 20;
/** V8 compiles in this time. */
const coldSeconds = 15;
const directory = mkdtempSync(join(tmpdir(), 'bluegreen-bench-'));
const slack = await startFakeSlack({ unlimited: true });
let active: 'blue' | 'green' = 'blue';

function start(): Promise<Subject> {
  return Subject.start(directory, [], { SLACK_WEBHOOK_URL: slack.url, ALERT_COOLDOWN_SEC: '0' });
}

/** Latencies in milliseconds, ascending: from writing a line to the arrival of its alert at the fake Slack. */
async function measureLatencies(subject: Subject): Promise<number[]> {
  appendFileSync(subject.logPath, `${accessLine({ startMs: Date.now() - 1000 })}\n`);
  await delay(1000);
  const latencies: number[] = [];
  for (let alert = 0; alert < Number(values.alerts); alert++) {
    active = active === 'blue' ? 'green' : 'blue';
    const expected = slack.messages.length + 1;
    const writtenAt = Date.now();
    appendFileSync(subject.logPath, `${accessLine({ active, startMs: writtenAt, tookMs: 0 })}\n`);
    await slack.waitFor(() => slack.messages.length >= expected, 10_000);
    latencies.push((slack.messages.at(-1)?.receivedAt ?? 0) - writtenAt);
    // Slack's rate limit, plus a random delay to vary the moment.
    await delay(1050 + Math.random() * 100);
  }
  return latencies.sort((one, other) => one - other);
}

/** The processor time used, in percent of one core. */
async function measureCpu(subject: Subject, seconds: number): Promise<number> {
  const before = subject.cpuSeconds();
  const startedAt = performance.now();
  for (let tick = 1; tick <= seconds * writesPerSecond; tick++) {
    const now = Date.now();
    const block = Array.from({ length: rate / writesPerSecond }, (_, index) => {
      const tookMs = index % 50;
      return accessLine({ active, startMs: now - tookMs, tookMs, uri: `/item/${(tick * 250 + index) % 997}` });
    });
    appendFileSync(subject.logPath, `${block.join('\n')}\n`);
    await delay(Math.max(0, startedAt + (tick * 1000) / writesPerSecond - performance.now()));
  }
  return ((subject.cpuSeconds() - before) * 100_000) / (performance.now() - startedAt);
}

try {
  const alerting = await start();
  const latencies = await measureLatencies(alerting);
  const quantile = (share: number) =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
  console.log(
    `from the line to Slack's request, ${latencies.length} alerts: p50 ${quantile(0.5)} ms, p99 ${quantile(0.99)} ms`,
  );
  console.log(`peak memory, with Slack: ${Math.round(alerting.peakRssMb)} MB`);
  await alerting.stop();

  const steady = await start();
  const cold = await measureCpu(steady, coldSeconds);
  const warm = await measureCpu(steady, Number(values.seconds));
  console.log(
    `${rate} lines/s: ${warm.toFixed(1)}% of one core over ${values.seconds} s; ${cold.toFixed(1)}% in the first ${coldSeconds} s`,
  );
  console.log(`peak memory: ${Math.round(steady.peakRssMb)} MB`);
  await steady.stop();
} finally {
  await slack.close();
  rmSync(directory, { recursive: true, force: true });
}
