// Requests per second of each edge with one worker or thread, and the cost of a request: ours with all features on, a
// plain nginx, HAProxy and Caddy, in turn. With a backend that answers immediately, the edge has one processor, and
// load and backend have the other. With the demo app (`app`), everything shares all processors, as on a small server.
// With `tls`, over HTTPS with kept connections; of HAProxy and Caddy, only those with a log.
//
//   node bench/edge/throughput.ts [app] [tls] [--rounds 7] [--seconds 6] [--connections 50] [--out FILE]
import { benchDirectory, caddy, haproxy, own, plain } from './contenders.ts';
import { grouped, markdown, spreadOf, withRange } from './figures.ts';
import { readOptions } from './options.ts';
import { startDemoPools, startInstantPools } from './pools.ts';
import { machine, report } from './report.ts';
import { alternate } from './rounds.ts';

const { numbers, out, words } = readOptions({ rounds: 7, seconds: 6, connections: 50 });
const beforeApp = words.includes('app');
const tls = words.includes('tls');
const contenders = tls
  ? [own(), plain, haproxy(true), caddy(true)]
  : [own(), plain, haproxy(false), haproxy(true), caddy(false), caddy(true)];
const cores = beforeApp ? {} : { edgeCore: 0, otherCore: 1 };
const at = machine();
const directory = benchDirectory();
const pools = beforeApp ? await startDemoPools(directory) : await startInstantPools(directory, cores.otherCore);
try {
  const turns = await alternate(contenders, { ...numbers, place: { directory, pools: pools.ports, tls, ...cores } });
  const of = (name: string) => turns.filter((turn) => turn.name === name);
  type Figure = 'requestsPerSecond' | 'cpuUs' | 'companionsCpuUs' | 'p50Ms' | 'p99Ms' | 'memoryMb';
  const figure = (name: string, key: Figure) => spreadOf(of(name).map((turn) => turn[key]));
  // Compares within one round, where the conditions on the machine are most similar.
  const relativeToPlain = (name: string, key: Figure) =>
    spreadOf(
      of(name).map((turn) => {
        const other = of(plain.name).find(({ round }) => round === turn.round);
        return turn[key] / (other?.[key] ?? Number.NaN);
      }),
    );
  const rows = contenders.map(({ name }) => [
    name,
    withRange(figure(name, 'requestsPerSecond')),
    withRange(relativeToPlain(name, 'requestsPerSecond'), 2),
    withRange(figure(name, 'cpuUs'), 1),
    withRange(relativeToPlain(name, 'cpuUs'), 2),
    grouped(figure(name, 'companionsCpuUs').median, 1),
    grouped(figure(name, 'p50Ms').median, 1),
    grouped(figure(name, 'p99Ms').median, 1),
    grouped(figure(name, 'memoryMb').median),
  ]);
  const header = [
    'one worker or thread',
    'requests/s',
    'relative to plain nginx',
    'CPU, µs a request',
    'relative to plain nginx',
    'checks and watcher, µs',
    'p50 ms',
    'p99 ms',
    'memory MB',
  ];
  report('throughput', out, markdown(header, rows), { options: numbers, beforeApp, tls, turns }, at);
} finally {
  await pools.stop();
}
