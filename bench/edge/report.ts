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
  /** Of the minute before: above a few tenths, others were at work. */
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
      nginx: said('nginx', ['-v']),
      HAProxy: said('haproxy', ['-v']),
      Caddy: said('caddy', ['version']),
      Node: process.versions.node,
    },
    loadBefore: loadavg()[0] ?? 0,
  };
}

/** The first thing that looks like a version; nginx tells its own on standard error, others put other things there. */
function said(command: string, args: readonly string[]): string {
  const { stdout, stderr } = spawnSync(command, args, { env: { PATH: programPath() }, encoding: 'utf8' });
  return /\d+\.\d+[\w.+-]*/.exec(stdout || stderr || '')?.[0] ?? 'not installed';
}

/** The table on standard output; everything, for plots.ts and for later, in the file. */
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
