// How many requests a second each edge passes on with one worker or thread on one processor, and what one costs:
// ours with everything on, a plain nginx, HAProxy and Caddy, in turn. Load and backends have the other processor.
//
//   node bench/edge/throughput.ts [--rounds 7] [--seconds 6] [--connections 50] [--out FILE]
import { benchDirectory, caddy, haproxy, own, plain } from './contenders.ts';
import { grouped, markdown, spreadOf, withRange } from './figures.ts';
import { readOptions } from './options.ts';
import { startInstantPools } from './pools.ts';
import { machine, report } from './report.ts';
import { alternate } from './rounds.ts';

const { numbers, out } = readOptions({ rounds: 7, seconds: 6, connections: 50 });
const contenders = [own(), plain, haproxy(false), haproxy(true), caddy(false), caddy(true)];
const cores = { edgeCore: 0, otherCore: 1 };
const at = machine();
const directory = benchDirectory();
const pools = await startInstantPools(directory, cores.otherCore);
try {
  const turns = await alternate(contenders, { ...numbers, place: { directory, pools: pools.ports, ...cores } });
  const of = (name: string) => turns.filter((turn) => turn.name === name);
  // Within one round the machine was most alike.
  const besidePlain = (name: string) =>
    of(name).map(({ round, requestsPerSecond }) => {
      const other = of(plain.name).find((turn) => turn.round === round);
      return requestsPerSecond / (other?.requestsPerSecond ?? Number.NaN);
    });
  const rows = contenders.map(({ name }) => {
    const own = of(name);
    const spread = (value: (turn: (typeof own)[number]) => number) => spreadOf(own.map(value));
    return [
      name,
      withRange(spread(({ requestsPerSecond }) => requestsPerSecond)),
      withRange(spreadOf(besidePlain(name)), 2),
      withRange(
        spread(({ cpuUs }) => cpuUs),
        1,
      ),
      grouped(spread(({ companionsCpuUs }) => companionsCpuUs).median, 1),
      grouped(spread(({ p50Ms }) => p50Ms).median, 1),
      grouped(spread(({ p99Ms }) => p99Ms).median, 1),
      grouped(spread(({ memoryMb }) => memoryMb).median),
    ];
  });
  const header = [
    'one worker or thread',
    'requests/s',
    'beside plain nginx',
    'CPU, µs a request',
    'beside it (checks, watcher), µs',
    'p50 ms',
    'p99 ms',
    'memory MB',
  ];
  report('throughput', out, markdown(header, rows), { options: numbers, turns }, at);
} finally {
  await pools.stop();
}
