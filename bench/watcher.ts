// How fast the watcher reads a log, compared with the nearest equivalents on the same lines, on one core and in turn:
// the real watcher process (tail, parse, window, decide, metrics, checkpoint), Node's readline with a regular
// expression, and Debian's mtail and goaccess if they are installed.
//
//   node bench/watcher.ts [--megabytes 256] [--rounds 5] [--alone]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, linkSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { writeLog } from './prepared-log.ts';
import { peakRssMb, Subject } from './subject.ts';

interface Result {
  readonly seconds: number;
  readonly peakRssMb: number;
}

interface Contestant {
  readonly name: string;
  run(): Promise<Result>;
}

const { values } = parseArgs({
  options: {
    megabytes: { type: 'string', default: '256' },
    rounds: { type: 'string', default: '5' },
    alone: { type: 'boolean', default: false },
  },
});
const directory = mkdtempSync(join(tmpdir(), 'bluegreen-bench-'));
const logPath = join(directory, 'prepared.log');
const here = import.meta.dirname;
const oneCore = ['taskset', '-c', '0'] as const;
const goaccessFormat =
  'pool=%^ release=%^ active=%^ route=%^ upstream_status="%^" upstream_addr="%^" request_time=%T upstream_response_time="%^" status=%s msec=%x.%^ method=%m uri="%U" upstream_header_time="%^" upstream_length="%^" upstream_content_length="%^" bytes_sent=%b completed="%^" request_id=%^ trace_id=%^ remote_addr=%h user_agent="%u"';

/** A program that exits when it has read the log. */
function oneShot(name: string, command: string, args: readonly string[]): Contestant {
  return {
    name,
    async run() {
      const startedAt = performance.now();
      const [taskset, ...rest] = oneCore;
      const child = spawn(taskset, [...rest, command, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
      let output = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        output = `${output}${text}`.slice(-1_000);
      });
      let peak = 0;
      const polling = setInterval(() => {
        peak = Math.max(peak, peakRssMb(child.pid));
      }, 20);
      const [code] = await once(child, 'exit');
      clearInterval(polling);
      if (code !== 0) throw new Error(`${name} exited with ${code}: ${output}`);
      return { seconds: (performance.now() - startedAt) / 1000, peakRssMb: peak };
    },
  };
}

/** The whole program, measured from when the log appears to when the watcher reports that it has read all lines. */
function watcher(lines: number): Contestant {
  return {
    name: 'bluegreen watcher',
    async run() {
      const subject = await Subject.start(directory, oneCore);
      const startedAt = performance.now();
      linkSync(logPath, subject.logPath);
      while ((await subject.lines()) < lines) await delay(20);
      const result = { seconds: (performance.now() - startedAt) / 1000, peakRssMb: subject.peakRssMb };
      await subject.stop();
      return result;
    },
  };
}

/** The other programs that are installed. Prints the names of those that are not. */
function peers(): Contestant[] {
  const report = join(directory, 'report.json');
  const goaccess = [logPath, '--no-global-config', `--log-format=${goaccessFormat}`, '-o', report];
  const mtail = ['--progs', join(here, 'access.mtail'), '--logs', logPath];
  const installed = [
    { name: 'mtail', args: ['--one_shot', '--port', '0', '--log_dir', directory, ...mtail] },
    { name: 'goaccess', args: [...goaccess, '--date-format=%s', '--time-format=%s'] },
  ].flatMap(({ name, args }) => {
    const path = `/usr/bin/${name}`;
    if (existsSync(path)) return [oneShot(name, path, args)];
    console.log(`${name} is not installed: skipped (apt-get install ${name})`);
    return [];
  });
  const readline = [join(here, 'readline.ts'), logPath];
  return [oneShot("Node's readline and a regular expression", process.execPath, readline), ...installed];
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? 0;
}

try {
  const lines = await writeLog(logPath, Number(values.megabytes));
  const contestants = [watcher(lines), ...(values.alone ? [] : peers())];
  const results = new Map<string, Result[]>(contestants.map(({ name }) => [name, []]));
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const { name, run } of contestants) results.get(name)?.push(await run());
  }

  const ours = results.get('bluegreen watcher') ?? [];
  const machine = `${availableParallelism()} cores (${cpus()[0]?.model}), Linux ${release()}, Node ${process.version}`;
  console.log(`\n${machine}\n${lines} lines, ${values.megabytes} MB, ${values.rounds} rounds in turn, one core\n`);
  console.log('| | seconds | lines/s | lines/s, worst to best | time relative to ours, by round | peak memory |');
  console.log('|---|---:|---:|---:|---:|---:|');
  for (const [name, runs] of results) {
    const seconds = runs.map((run) => run.seconds);
    const [speed, worst, best] = [median(seconds), Math.max(...seconds), Math.min(...seconds)].map((each) =>
      Math.round(lines / each).toLocaleString('en'),
    );
    const ratio = median(seconds.map((each, round) => each / (ours[round]?.seconds ?? Number.NaN)));
    const memory = Math.round(Math.max(...runs.map((run) => run.peakRssMb)));
    const columns = [name, median(seconds).toFixed(2), speed, `${worst} to ${best}`, ratio.toFixed(2), `${memory} MB`];
    console.log(`| ${columns.join(' | ')} |`);
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
