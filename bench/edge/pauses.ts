// How long a healthy pool may pause, for example for a garbage collection, before an edge fails over. Our edge waits
// for a second failed check and Caddy does not: this shows the benefit of waiting.
//
//   node bench/edge/pauses.ts [--rounds 5] [--rate 200] [--out FILE]
import { setTimeout as delay } from 'node:timers/promises';
import { nowMs } from '../../proof/load/sample.ts';
import { benchDirectory, type Contender, caddy, haproxy, own } from './contenders.ts';
import { markdown } from './figures.ts';
import { startBenchLoad } from './load.ts';
import { readOptions } from './options.ts';
import { startDemoPools } from './pools.ts';
import { machine, report } from './report.ts';

interface Pause {
  readonly contender: string;
  readonly lengthMs: number;
  /** Whether the other pool answered a request during the pause or just after it. */
  readonly left: boolean;
}

const { numbers, out } = readOptions({ rounds: 5, rate: 200 });
const lengthsMs = [150, 200, 250, 300, 350, 400];
const beforeMs = 3_000;
/** Long enough for every edge to return to the pool. */
const betweenMs = 1_500;

const at = machine();
const directory = benchDirectory();
const contenders = [
  own(),
  haproxy(true),
  caddy(true),
  own({ name: 'bluegreen, PROBE_FALL=1', settings: { PROBE_FALL: '1' } }),
  haproxy(true, 1),
];
const pauses: Pause[] = [];
for (let round = 1; round <= numbers.rounds; round++) {
  for (const contender of contenders) {
    pauses.push(...(await pausesBehind(contender)));
    process.stderr.write(`${round}/${numbers.rounds}  ${contender.name}\n`);
  }
}
const rows = contenders.map(({ name }) => [
  name,
  ...lengthsMs.map((length) => {
    const left = pauses.filter((pause) => pause.contender === name && pause.lengthMs === length && pause.left);
    return String(left.length);
  }),
]);
const header = [`left the pool in n of ${numbers.rounds} pauses`, ...lengthsMs.map((length) => `${length} ms`)];
report('pauses', out, markdown(header, rows), { options: numbers, pauses }, at);

/** Makes one pause of each length under load. */
async function pausesBehind(contender: Contender): Promise<Pause[]> {
  const pools = await startDemoPools(directory);
  const running = await contender.start({ directory, pools: pools.ports });
  try {
    const load = await startBenchLoad(running.url, numbers.rate);
    try {
      await delay(beforeMs);
      const made: { readonly lengthMs: number; readonly atMs: number; readonly untilMs: number }[] = [];
      for (const lengthMs of lengthsMs) {
        const atMs = nowMs();
        process.kill(pools.programs.blue.pid, 'SIGSTOP');
        await delay(lengthMs);
        process.kill(pools.programs.blue.pid, 'SIGCONT');
        await delay(betweenMs);
        made.push({ lengthMs, atMs, untilMs: nowMs() });
      }
      running.edge.assertRunning();
      const away = (await load.end()).filter(({ pool }) => pool === 'green').map(({ dueAt }) => dueAt);
      return made.map(({ lengthMs, atMs, untilMs }) => ({
        contender: contender.name,
        lengthMs,
        left: away.some((dueAt) => dueAt >= atMs && dueAt < untilMs),
      }));
    } finally {
      load.kill();
    }
  } finally {
    await Promise.all([running.stop(), pools.stop()]);
  }
}
