import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, onTestFailed } from 'vitest';
import { type FakeSlack, startFakeSlack } from '../fake-slack.ts';
import { WatcherProcess } from '../watcher-process.ts';
import { EdgeLog } from './edge-log.ts';
import { type Random, randomFrom, seed } from './random.ts';

const rounds = 60;
const minutes = 60_000;

let slack: FakeSlack;
let watcher: WatcherProcess;
let log: EdgeLog;
let random: Random;

beforeEach(async () => {
  slack = await startFakeSlack({ unlimited: true });
  watcher = await WatcherProcess.prepare({
    SLACK_WEBHOOK_URL: slack.url,
    ALERT_COOLDOWN_SEC: '0',
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

describe(`a log that is treated badly (seed ${seed})`, () => {
  it('is read once from end to end, whatever is done to it once it was read', { timeout: 3 * minutes }, async () => {
    log.write(10);
    watcher.launch();
    await watcher.until('its first look', ({ log: { state } }) => state === 'reading');
    // A switch is one only for who knows who was active before.
    log.write(1, { agoMs: 1000 });
    await watcher.until('the active colour', ({ active }) => active === log.active);
    const before = (await watcher.health()).health.log.lines - log.lines;
    let last = 'the first lines';
    const caughtUp = () =>
      watcher
        .until('every line', ({ log: { lines } }) => lines - before === log.lines)
        .catch(async (error: unknown) => {
          const { health } = await watcher.health();
          const told = `${log.lines} lines were written, ${health.log.lines - before} counted`;
          throw new Error(`after ${last}: ${told}; ${JSON.stringify(health.log)}\n${watcher.output}`, { cause: error });
        });
    const outrages: readonly [string, () => void][] = [
      ['copytruncate', () => log.copyTruncate()],
      ['truncated and regrown a little', () => log.truncateAndRegrow(1)],
      ['truncated and regrown past where it was read', () => log.truncateAndRegrow(2000)],
      ['deleted and made again', () => log.deleteAndRecreate()],
      ['rotated', () => log.rotate()],
      ['rotated three times', rotateThreeTimes],
      [
        'bytes that are no text',
        () => log.garbage(Buffer.concat([randomBytes(random.between(1, 5000)), Buffer.from('\n')])),
      ],
      ['an endless line', () => log.garbage(Buffer.concat([Buffer.alloc(200_000, 0x61), Buffer.from('\n')]))],
    ];
    function rotateThreeTimes(): void {
      for (let rotation = 0; rotation < 3; rotation++) {
        log.write(random.between(1, 50));
        log.rotate();
      }
    }
    for (let round = 0; round < rounds; round++) {
      const [name, outrage] = outrages[round % outrages.length] ?? ['nothing', () => {}];
      outrage();
      log.write(random.between(1, 100));
      last = `round ${round}, ${name}`;
      await caughtUp();
      if (random.chance(0.3)) log.switch();
      await caughtUp();
      // A crash between two outrages: what was read and written down counts once all the same. What a truncation takes
      // away before it was written down is gone for good.
      if (random.chance(0.3)) {
        const readAt = Date.now();
        await watcher.until('a checkpoint', ({ checkpoint }) => Date.parse(checkpoint.lastWritten ?? '') > readAt);
        await watcher.kill();
        watcher.launch();
        last += ', killed and started again';
        await caughtUp();
      }
    }
    await watcher.until('every alert delivered', ({ log: { catchingUp }, slack }) => !catchingUp && slack.queued === 0);
    const incidents = new Set(slack.messages.map(({ body }) => /incident `([^`]+)`/.exec(JSON.stringify(body))?.[1]));
    expect(incidents.size).toBe(log.switches);
    expect((await watcher.health()).health.status).toBe('ok');
    console.log(`seed ${seed}: ${rounds} rounds, ${log.lines} lines, ${watcher.kills} kills, ${log.switches} alerts`);
  });
});
