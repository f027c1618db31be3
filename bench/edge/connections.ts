// How the cost of a request grows with the number of open connections, for our edge with all features on and for a
// plain nginx, in turn.
//
//   node bench/edge/connections.ts [--rounds 3] [--seconds 6] [--out FILE]
import { benchDirectory, own, plain } from './contenders.ts';
import { grouped, markdown, spreadOf, withRange } from './figures.ts';
import { readOptions } from './options.ts';
import { startInstantPools } from './pools.ts';
import { machine, report } from './report.ts';
import { alternate, type Turn } from './rounds.ts';

const { numbers, out } = readOptions({ rounds: 3, seconds: 6 });
const steps = [1, 10, 100, 1_000];
const cores = { edgeCore: 0, otherCore: 1 };
const at = machine();
const directory = benchDirectory();
const pools = await startInstantPools(directory, cores.otherCore);
try {
  const contenders = [own(), plain];
  const turns: (Turn & { readonly connections: number })[] = [];
  for (const connections of steps) {
    const place = { directory, pools: pools.ports, ...cores };
    const here = await alternate(contenders, { ...numbers, connections, place, mayFail: true });
    turns.push(...here.map((turn) => ({ ...turn, connections })));
  }
  const rows = steps.flatMap((connections) =>
    contenders.map(({ name }, index) => {
      const ofContender = turns.filter((turn) => turn.connections === connections && turn.name === name);
      const spread = (value: (turn: Turn) => number) => spreadOf(ofContender.map(value));
      return [
        index === 0 ? grouped(connections) : '',
        name,
        withRange(spread(({ requestsPerSecond }) => requestsPerSecond)),
        withRange(
          spread(({ cpuUs }) => cpuUs),
          1,
        ),
        grouped(spread(({ p50Ms }) => p50Ms).median, 2),
        grouped(spread(({ p99Ms }) => p99Ms).median, 2),
        grouped(spread(({ memoryMb }) => memoryMb).median, 1),
        withRange(spread(({ bad }) => bad)),
      ];
    }),
  );
  const header = ['connections', 'edge', 'requests/s', 'CPU, µs a request', 'p50 ms', 'p99 ms', 'memory MB', 'failed'];
  report('connections', out, markdown(header, rows), { options: numbers, turns }, at);
} finally {
  await pools.stop();
}
