// How fast the watcher reads a log, beside others that do their nearest equivalent on the same lines, one core each, in
// turn: the real watcher process (tail, parse, window, decide, checkpoint), Node's readline with a regular expression, and
// mtail and goaccess from Debian's packages, where they are installed.
//
//   node bench/watcher.ts [--megabytes 256] [--rounds 3]
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync, linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { watcherNodeOptions } from '../cli/host/plan.ts';
import { accessLine } from '../test/access-lines.ts';
import { freePorts } from '../test/free-port.ts';

interface Result {
  readonly seconds: number;
  readonly peakRssMb: number;
}

interface Contestant {
  readonly name: string;
  run(): Promise<Result>;
}

const { values } = parseArgs({
  options: { megabytes: { type: 'string', default: '256' }, rounds: { type: 'string', default: '3' } },
});
const directory = mkdtempSync(join(tmpdir(), 'bluegreen-bench-'));
const logPath = join(directory, 'prepared.log');
const here = import.meta.dirname;

/** Mostly good requests, as a site has them, some that the standby made good, a few that nobody could. */
async function prepare(megabytes: number): Promise<number> {
  const stream = createWriteStream(logPath);
  const begin = Date.now() - 3_600_000;
  let lines = 0;
  for (let written = 0; written < megabytes * 1024 * 1024; ) {
    const block = Array.from({ length: 1000 }, () => {
      lines++;
      const fields = { startMs: begin + lines, uri: `/item/${lines % 997}`, tookMs: lines % 50 };
      if (lines % 1000 === 0)
        return accessLine({
          ...fields,
          upstreamStatus: '500, 200',
          upstreamAddr: '172.31.240.11:3000, 172.31.240.12:3000',
        });
      return accessLine(lines % 5000 === 0 ? { ...fields, status: 500 } : fields);
    });
    const text = `${block.join('\n')}\n`;
    written += text.length;
    if (!stream.write(text)) await once(stream, 'drain');
  }
  stream.end();
  await once(stream, 'finish');
  return lines;
}

function peakRssMb(pid: number | undefined): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

function pinned(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): ChildProcess {
  return spawn('taskset', ['-c', '0', command, ...args], { stdio: 'ignore', env });
}

/** A program that ends when it has read the log. */
function oneShot(name: string, command: string, args: readonly string[]): Contestant {
  return {
    name,
    async run() {
      const startedAt = performance.now();
      const child = pinned(command, args);
      const exited = once(child, 'exit');
      let peak = 0;
      const watching = setInterval(() => {
        peak = Math.max(peak, peakRssMb(child.pid));
      }, 20);
      const [code] = await exited;
      clearInterval(watching);
      if (code !== 0) throw new Error(`${name} ended with ${code}`);
      return { seconds: (performance.now() - startedAt) / 1000, peakRssMb: peak };
    },
  };
}

/** The whole program, from the moment at which the log appears to the moment at which it says that it has read it. */
function watcher(lines: number): Contestant {
  return {
    name: 'bluegreen watcher',
    async run() {
      const run = mkdtempSync(join(directory, 'run-'));
      const [port = 0] = await freePorts(1);
      mkdirSync(join(run, 'control'));
      const child = pinned(process.execPath, [join(here, '../watcher/main.ts')], {
        PATH: process.env.PATH,
        NODE_OPTIONS: watcherNodeOptions,
        NODE_COMPILE_CACHE: join(directory, 'compiled'),
        ACCESS_LOG: join(run, 'access.log'),
        CONTROL_DIR: join(run, 'control'),
        STATE_DIR: join(run, 'state'),
        BIND_ADDRESS: '127.0.0.1',
        WATCHER_PORT: String(port),
      });
      const readSoFar = async () => {
        try {
          const response = await fetch(`http://127.0.0.1:${port}/healthz`);
          return ((await response.json()) as { log: { lines: number } }).log.lines;
        } catch {
          return -1;
        }
      };
      while ((await readSoFar()) < 0) await delay(20);
      const startedAt = performance.now();
      linkSync(logPath, join(run, 'access.log'));
      while ((await readSoFar()) < lines) await delay(20);
      const result = { seconds: (performance.now() - startedAt) / 1000, peakRssMb: peakRssMb(child.pid) };
      child.kill('SIGTERM');
      await once(child, 'exit');
      return result;
    },
  };
}

const lines = await prepare(Number(values.megabytes));
const goaccessFormat =
  'pool=%^ release=%^ active=%^ upstream_status="%^" upstream_addr="%^" request_time=%T upstream_response_time="%^" status=%s msec=%x.%^ method=%m uri="%U" upstream_header_time="%^" upstream_length="%^" upstream_content_length="%^" bytes_sent=%b completed="%^" request_id=%^ remote_addr=%h user_agent="%u"';
const contestants = [
  watcher(lines),
  oneShot("Node's readline and a regular expression", process.execPath, [join(here, 'readline.ts'), logPath]),
  ...(existsSync('/usr/bin/mtail')
    ? [oneShot('mtail', '/usr/bin/mtail', ['--one_shot', '--progs', join(here, 'access.mtail'), '--logs', logPath])]
    : []),
  ...(existsSync('/usr/bin/goaccess')
    ? [
        oneShot('goaccess', '/usr/bin/goaccess', [
          logPath,
          '--no-global-config',
          `--log-format=${goaccessFormat}`,
          '--date-format=%s',
          '--time-format=%s',
          '-o',
          join(directory, 'report.json'),
        ]),
      ]
    : []),
];

// The first run of all fills the compile cache, as the image's build does.
await contestants[0]?.run();

const results = new Map<string, Result[]>();
for (let round = 0; round < Number(values.rounds); round++) {
  for (const contestant of contestants) {
    results.set(contestant.name, [...(results.get(contestant.name) ?? []), await contestant.run()]);
  }
}

const median = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
const ours = results.get('bluegreen watcher') ?? [];
console.log(`${lines} lines, ${values.megabytes} MB, ${values.rounds} rounds in turn, one core\n`);
console.log('| | lines/s (median) | time beside ours, round by round | peak memory |');
console.log('|---|---:|---:|---:|');
for (const [name, runs] of results) {
  const ratio = median(runs.map((run, round) => run.seconds / (ours[round]?.seconds ?? Number.NaN)));
  const speed = Math.round(lines / median(runs.map(({ seconds }) => seconds))).toLocaleString('en');
  console.log(
    `| ${name} | ${speed} | ${ratio.toFixed(2)} | ${Math.round(Math.max(...runs.map(({ peakRssMb }) => peakRssMb)))} MB |`,
  );
}
rmSync(directory, { recursive: true, force: true });
