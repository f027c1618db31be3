import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { programPath } from '../../cli/engine/host/plan.ts';

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly system: string;
  readonly kernel: string;
  readonly versions: Readonly<Record<string, string>>;
  /** The load average of the minute before. Above a few tenths, other programs disturb the results. */
  readonly loadBefore: number;
}

export function machine(): Machine {
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: /PRETTY_NAME="(.*)"/.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'unknown',
    kernel: release(),
    versions: {
      nginx: versionOf('nginx', ['-v']),
      HAProxy: versionOf('haproxy', ['-v']),
      Caddy: versionOf('caddy', ['version']),
      Node: process.versions.node,
    },
    loadBefore: loadavg()[0] ?? 0,
  };
}

/** The first version number in a program's output. nginx prints its version to standard error. */
function versionOf(command: string, args: readonly string[]): string {
  const { stdout, stderr } = spawnSync(command, args, { env: { PATH: programPath() }, encoding: 'utf8' });
  return /\d+\.\d+[\w.+-]*/.exec(stdout || stderr || '')?.[0] ?? 'not installed';
}

/** Prints the table. The file gets all results, for plots.ts and for later analysis. */
export function report(what: string, out: string | undefined, table: string, results: unknown, at: Machine): void {
  const { processor, cores, system, kernel, versions, loadBefore } = at;
  const programs = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  process.stdout.write(
    `${table}\n\n${cores} cores of ${processor}, Linux ${kernel}, ${system}; ${programs.join(', ')}; load before: ${loadBefore.toFixed(1)}\n`,
  );
  if (out === undefined) return;
  const content = { what, at: new Date().toISOString(), machine: at, results };
  writeFileSync(out, `${JSON.stringify(content)}\n`);
}
