import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, onTestFailed } from 'vitest';
import { type Behaviour, type FakeSlack, startFakeSlack } from '../fake-slack.ts';
import { WatcherProcess } from '../watcher-process.ts';
import { EdgeLog } from './edge-log.ts';
import { type Random, randomFrom, seed } from './random.ts';

const rounds = 110;
const minutes = 60_000;
/** Slack accepts one message per second. */
const slackPaceMs = 1_000;

let slack: FakeSlack;
let watcher: WatcherProcess;
let log: EdgeLog;
let random: Random;

beforeEach(async () => {
  slack = await startFakeSlack({ unlimited: true });
  watcher = await WatcherProcess.prepare({
    SLACK_WEBHOOK_URL: slack.url,
    ALERT_COOLDOWN_SEC: '0',
    // Only switches cause alerts.
    ERROR_RATE_THRESHOLD: '100',
  });
  log = new EdgeLog(watcher.logPath);
  random = randomFrom(seed);
  onTestFailed(() => console.error(`repeat it with FAULT_SEED=${seed}`));
});

afterEach(async () => {
  await watcher.close();
  await slack.close();
});

function misbehave(): void {
  const behaviours: readonly [Behaviour, ...Behaviour[]] = [
    'ok',
    'ok',
    'ok',
    '403',
    '404',
    '410',
    '429',
    '500',
    'reset',
    'hang',
  ];
  slack.answer(random.pick(behaviours), { retryAfter: 0, times: random.between(1, 3) });
}

/** An action that is listed more often is more likely. */
const actions: readonly [() => void, ...(() => void)[]] = [
  () => log.rotate({ lateLines: random.between(0, 3) }),
  () => log.rotate(),
  () => log.writeTorn(),
  () => log.switch(),
  () => log.switch(),
  () => log.switch(),
  misbehave,
  () => log.write(random.between(1, 200)),
  () => log.write(random.between(1, 20)),
  () => log.write(1),
];

function act(): void {
  random.pick(actions)();
}

/** The incidents whose alerts were sent, in the order of their first message. */
function sent(): { incidents: string[]; messages: number } {
  const all = slack.messages.map(({ body }) => /incident `([^`]+)`/.exec(JSON.stringify(body))?.[1] ?? 'none');
  return { incidents: [...new Set(all)], messages: all.length };
}

describe(`killed ${rounds} times at any moment (seed ${seed})`, () => {
  it('loses no line and no alert, repeats at most one alert per kill, and invents none', {
    timeout: 5 * minutes,
  }, async () => {
    log.write(10);
    watcher.launch();
    await watcher.until('the first read', ({ log: { state } }) => state === 'reading');
    // A switch can only be detected if the pool that was active before is known.
    log.write(1, { agoMs: 1000 });
    await watcher.until('the active pool', ({ active }) => active === log.active);
    const before = (await watcher.health()).health.log.lines;
    const begun = log.lines;
    for (let round = 0; round < rounds; round++) {
      for (let count = random.between(1, 6); count > 0; count--) {
        act();
        // The kill comes at a random moment.
        await delay(random.between(0, 60));
      }
      await watcher.kill();
      for (let count = random.between(0, 3); count > 0; count--) act();
      watcher.launch();
      if (random.between(1, 3) > 2) await watcher.untilUp();
      await delay(random.between(0, 400));
    }
    // A channel that seemed closed would be tried again only after a minute. A new process tries at once.
    await watcher.kill();
    slack.answer('ok');
    watcher.launch();
    log.switch();
    const unsentAtMost = log.switches - sent().incidents.length;
    const health = await watcher.until(
      'all lines read and all alerts delivered',
      ({ log: { lines, catchingUp }, slack }) =>
        lines - before === log.lines - begun && !catchingUp && slack.queued === 0,
      30_000 + unsentAtMost * 1.5 * slackPaceMs,
    );
    expect(health.status).toBe('ok');
    const { incidents, messages } = sent();
    expect(watcher.kills).toBeGreaterThanOrEqual(100);
    expect(incidents).toHaveLength(log.switches);
    expect(messages - incidents.length).toBeLessThanOrEqual(watcher.kills);
    const headlines = slack.messages.filter(({ text }) => !text.startsWith('Unexplained switch: '));
    expect(headlines.map(({ text }) => text)).toEqual([]);
    expect(watcher.peakRssMb).toBeLessThan(200);
    console.log(
      `seed ${seed}: ${watcher.kills} kills, ${log.lines} lines, ${log.switches} alerts, ${messages - incidents.length} sent twice, ${Math.round(watcher.peakRssMb)} MB peak memory`,
    );
  });
});
