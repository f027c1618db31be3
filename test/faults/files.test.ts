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

describe(`a log that is mishandled (seed ${seed})`, () => {
  it('is read completely and once, whatever happens to the part that was read', { timeout: 3 * minutes }, async () => {
    log.write(10);
    watcher.launch();
    await watcher.until('the first read', ({ log: { state } }) => state === 'reading');
    // A switch can only be detected if the pool that was active before is known.
    log.write(1, { agoMs: 1000 });
    await watcher.until('the active pool', ({ active }) => active === log.active);
    const before = (await watcher.health()).health.log.lines - log.lines;
    let last = 'the first lines';
    const caughtUp = () =>
      watcher
        .until('every line', ({ log: { lines } }) => lines - before === log.lines)
        .catch(async (error: unknown) => {
          const { health } = await watcher.health();
          const counts = `${log.lines} lines were written, ${health.log.lines - before} counted`;
          throw new Error(`after ${last}: ${counts}; ${JSON.stringify(health.log)}\n${watcher.output}`, {
            cause: error,
          });
        });
    const mishaps: readonly [string, () => void][] = [
      ['copytruncate', () => log.copyTruncate()],
      ['truncated and regrown a little', () => log.truncateAndRegrow(1)],
      ['truncated and regrown past where it was read', () => log.truncateAndRegrow(2000)],
      ['deleted and created again', () => log.deleteAndRecreate()],
      ['rotated', () => log.rotate()],
      ['rotated three times', rotateThreeTimes],
      ['binary data', () => log.garbage(Buffer.concat([randomBytes(random.between(1, 5000)), Buffer.from('\n')]))],
      ['an endless line', () => log.garbage(Buffer.concat([Buffer.alloc(200_000, 0x61), Buffer.from('\n')]))],
    ];
    function rotateThreeTimes(): void {
      for (let rotation = 0; rotation < 3; rotation++) {
        log.write(random.between(1, 50));
        log.rotate();
      }
    }
    for (let round = 0; round < rounds; round++) {
      const [name, mishap] = mishaps[round % mishaps.length] ?? ['nothing', () => {}];
      mishap();
      log.write(random.between(1, 100));
      last = `round ${round}, ${name}`;
      await caughtUp();
      if (random.chance(0.3)) log.switch();
      await caughtUp();
      // After a crash between two mishaps, lines that were read and are in the checkpoint still count once. Lines that a
      // truncation removes before the next checkpoint are lost.
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
