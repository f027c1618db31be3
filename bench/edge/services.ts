// Memory and processor time of each service of the stack, idle and at a given request rate. All services share all
// processors, and nginx has as many workers as in production. The backend answers immediately, so the figures exclude
// the app.
//
//   node bench/edge/services.ts [--rate 5000] [--seconds 30] [--out FILE]
import { statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import autocannon from 'autocannon';
import { benchDirectory, own } from './contenders.ts';
import { grouped, markdown } from './figures.ts';
import { readOptions } from './options.ts';
import { startInstantPools } from './pools.ts';
import { machine, report } from './report.ts';
import { usageOf } from './usage.ts';

interface Cost {
  /** The share of one processor. */
  readonly cpuPercent: number;
  readonly memoryMb: number;
}

type Costs = Readonly<Record<string, Cost>>;

const { numbers, out } = readOptions({ rate: 5_000, seconds: 30 });
const connections = 50;
/** V8 compiles and caches fill in this time. */
const settleSeconds = 10;

async function costsOf(programs: Readonly<Record<string, number>>, work: () => Promise<unknown>): Promise<Costs> {
  const before = Object.entries(programs).map(([service, pid]) => ({ service, pid, cpuMs: usageOf([pid]).cpuMs }));
  const startedAt = performance.now();
  await work();
  const tookMs = performance.now() - startedAt;
  return Object.fromEntries(
    before.map(({ service, pid, cpuMs }) => {
      const now = usageOf([pid]);
      return [service, { cpuPercent: ((now.cpuMs - cpuMs) * 100) / tookMs, memoryMb: now.memoryMb }];
    }),
  );
}

async function load(url: string, seconds: number): Promise<{ requests: number; requestsPerSecond: number }> {
  const options = { url: `${url}/version`, connections, overallRate: numbers.rate, duration: seconds };
  const { requests, non2xx, errors, duration } = await autocannon(options);
  if (non2xx + errors > 0) throw new Error(`${non2xx + errors} of ${requests.total} requests failed`);
  return { requests: requests.total, requestsPerSecond: requests.total / duration };
}

const at = machine();
const directory = benchDirectory();
const pools = await startInstantPools(directory, undefined);
// Large enough that the log is not rotated during the bench: its growth gives the size of a line.
const running = await own({ settings: { LOG_MAX_MB: '10000' }, workers: 'auto' }).start({
  directory,
  pools: pools.ports,
});
try {
  const programs = {
    nginx_proxy: running.edge.pid,
    ...Object.fromEntries(Object.entries(running.companions).map(([name, { pid }]) => [name, pid])),
  };
  await delay(settleSeconds * 1000);
  const idle = await costsOf(programs, () => delay(numbers.seconds * 1000));
  await load(running.url, settleSeconds);
  const logBefore = statSync(running.accessLog).size;
  let loaded = { requests: 0, requestsPerSecond: 0 };
  const busy = await costsOf(programs, async () => {
    loaded = await load(running.url, numbers.seconds);
  });
  const { requests, requestsPerSecond } = loaded;
  const bytesPerLine = (statSync(running.accessLog).size - logBefore) / requests;
  const rows = Object.keys(programs).map((service) => {
    const cells = [idle, busy].flatMap((costs) => {
      const { cpuPercent = 0, memoryMb = 0 } = costs[service] ?? {};
      return [grouped(cpuPercent, 1), grouped(memoryMb)];
    });
    return [service, ...cells];
  });
  const rate = `${grouped(requestsPerSecond)}/s`;
  const header = ['service', 'idle: CPU %', 'memory MB', `at ${rate}: CPU % of one core`, 'memory MB'];
  const table = `${markdown(header, rows)}\n\nSize of a line in the access log: ${Math.round(bytesPerLine)} bytes.`;
  report('services', out, table, { options: numbers, idle, busy, requestsPerSecond, bytesPerLine }, at);
} finally {
  await Promise.all([running.stop(), pools.stop()]);
}
