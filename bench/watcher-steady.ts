// What the watcher costs at a steady rate, and how long an alert takes from the line that shows it to the request that
// reaches Slack.
//
//   node bench/watcher-steady.ts [--rate 5000] [--seconds 20] [--alerts 60]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { watcherNodeOptions } from '../cli/host/plan.ts';
import { accessLine } from '../test/access-lines.ts';
import { startFakeSlack } from '../test/fake-slack.ts';
import { freePorts } from '../test/free-port.ts';

const text = (value: string) => ({ type: 'string', default: value }) as const;
const { values } = parseArgs({ options: { rate: text('5000'), seconds: text('20'), alerts: text('60') } });
const rate = Number(values.rate);
const directory = mkdtempSync(join(tmpdir(), 'bluegreen-bench-'));
const logPath = join(directory, 'access.log');
const slack = await startFakeSlack({ unlimited: true });
const [port = 0] = await freePorts(1);
mkdirSync(join(directory, 'control'));

const child = spawn(process.execPath, [join(import.meta.dirname, '../watcher/main.ts')], {
  stdio: 'ignore',
  env: {
    PATH: process.env.PATH,
    NODE_OPTIONS: watcherNodeOptions,
    ACCESS_LOG: logPath,
    CONTROL_DIR: join(directory, 'control'),
    STATE_DIR: join(directory, 'state'),
    BIND_ADDRESS: '127.0.0.1',
    WATCHER_PORT: String(port),
    SLACK_WEBHOOK_URL: slack.url,
    ALERT_COOLDOWN_SEC: '0',
  },
});

/** proc_pid_stat(5): user and system time, in hundredths of a second. */
function cpuSeconds(): number {
  const fields = readFileSync(`/proc/${child.pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function isUp(): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/healthz`).then(
    ({ ok }) => ok,
    () => false,
  );
}

while (!(await isUp())) await delay(20);
appendFileSync(logPath, `${accessLine({ startMs: Date.now() - 1000 })}\n`);
await delay(1000);

// The line is written with the time of its writing, and the fake notes the time of the message that tells of it.
const latencies: number[] = [];
let active: 'blue' | 'green' = 'blue';
for (let alert = 0; alert < Number(values.alerts); alert++) {
  active = active === 'blue' ? 'green' : 'blue';
  const expected = slack.messages.length + 1;
  const writtenAt = Date.now();
  appendFileSync(logPath, `${accessLine({ active, startMs: writtenAt, tookMs: 0 })}\n`);
  await slack.waitFor(() => slack.messages.length >= expected, 10_000);
  latencies.push((slack.messages.at(-1)?.receivedAt ?? 0) - writtenAt);
  // Slack's pace, and then a moment that is different each time.
  await delay(1050 + Math.random() * 100);
}
latencies.sort((a, b) => a - b);
const quantile = (share: number) =>
  latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;

const line = `${accessLine({ active })}\n`;
const before = cpuSeconds();
const startedAt = performance.now();
for (let tick = 0; tick < Number(values.seconds) * 20; tick++) {
  appendFileSync(logPath, line.repeat(rate / 20));
  await delay(Math.max(0, startedAt + (tick + 1) * 50 - performance.now()));
}
const share = (cpuSeconds() - before) / ((performance.now() - startedAt) / 1000);

console.log(
  `from the line to Slack's request, ${latencies.length} alerts: p50 ${quantile(0.5)} ms, p99 ${quantile(0.99)} ms`,
);
console.log(`${rate} lines/s: ${(share * 100).toFixed(1)}% of one core`);
child.kill('SIGKILL');
await once(child, 'exit');
await slack.close();
rmSync(directory, { recursive: true, force: true });
