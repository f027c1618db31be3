// The capacity of one machine, calculated from measurements: the size of a day's log, how long the watcher may be
// stopped before a line is deleted unread, and the processor time left for the apps at each rate.
//
//   node bench/capacity.ts --bytes 421 --edge 35 --watcher 5 --read 600000
//
// --bytes    size of a log line (bench/edge/services.ts)
// --edge     processor time of the edge, in microseconds per request (bench/edge/throughput.ts)
// --watcher  processor time of the watcher at a steady rate, in microseconds per line (bench/watcher-steady.ts)
// --read     lines per second that the watcher reads while catching up (bench/watcher.ts)
import { grouped, markdown } from './edge/figures.ts';
import { readOptions } from './edge/options.ts';

const { numbers } = readOptions({ bytes: 421, edge: 35, watcher: 5, read: 600_000 });
const secondsPerDay = 86_400;
/** The rate of the busiest hours, relative to the average of the day. */
const peakFactor = 5;
const days = [1e6, 1e7, 1e8, 1e9];
const rotations = [
  { maxMb: 64, keep: 5 },
  { maxMb: 256, keep: 5 },
  { maxMb: 1_024, keep: 5 },
  { maxMb: 1_024, keep: 20 },
];

const rateOf = (lines: number) => lines / secondsPerDay;
const percent = (share: number) => `${grouped(share * 100, share < 0.1 ? 2 : 0)}%`;
const mbPerSecond = (rate: number) => (rate * numbers.bytes) / 2 ** 20;

function duration(seconds: number): string {
  if (seconds < 120) return `${grouped(seconds)} s`;
  if (seconds < 7_200) return `${grouped(seconds / 60)} min`;
  return seconds < 172_800 ? `${grouped(seconds / 3_600)} h` : `${grouped(seconds / 86_400)} days`;
}

const volume = days.map((lines) => {
  const peak = rateOf(lines) * peakFactor;
  const hourBehind = (rateOf(lines) * 3_600) / (numbers.read - rateOf(lines));
  return [
    grouped(lines),
    grouped(rateOf(lines)),
    grouped(peak),
    grouped((lines * numbers.bytes) / 1e9, 1),
    grouped((mbPerSecond(rateOf(lines)) * secondsPerDay) / 64),
    percent((peak * numbers.edge) / 1e6),
    percent((peak * numbers.watcher) / 1e6),
    duration(hourBehind),
  ];
});
const volumeHeader = [
  'requests a day',
  'a second',
  `at the peak (×${peakFactor})`,
  'log, GB a day',
  'rotations a day at 64 MB',
  'edge, of one core at the peak',
  'watcher, of one core at the peak',
  'an hour behind is caught up in',
];

// The oldest file is deleted when the newest is full again.
const away = rotations.map(({ maxMb, keep }) => [
  `${maxMb} × ${keep}`,
  grouped((maxMb * (keep + 1)) / 1024, 1),
  ...[100, 1_000, 5_000, 20_000].map((rate) => duration((maxMb * keep) / mbPerSecond(rate))),
]);
const awayHeader = ['LOG_MAX_MB × LOG_KEEP', 'disk, GB at most', 'at 100/s', 'at 1,000/s', 'at 5,000/s', 'at 20,000/s'];

const cores = [2, 4, 8, 16];
const shares = [500, 1_000, 5_000, 10_000, 20_000, 50_000].map((rate) => {
  const taken = (rate * (numbers.edge + numbers.watcher)) / 1e6;
  return [
    grouped(rate),
    grouped(mbPerSecond(rate), 1),
    grouped(taken, 2),
    // The processor time that the apps can spend on each request.
    ...cores.map((count) => (taken >= count ? 'too much' : `${grouped(((count - taken) * 1000) / rate, 2)} ms`)),
  ];
});
const sharesHeader = [
  'requests/s',
  'log, MB/s',
  'cores for edge and watcher',
  ...cores.map((count) => `${count} cores: left for each request`),
];

const tables = [
  [volumeHeader, volume],
  [awayHeader, away],
  [sharesHeader, shares],
] as const;
process.stdout.write(`${tables.map(([header, rows]) => markdown(header, rows)).join('\n\n')}\n`);
