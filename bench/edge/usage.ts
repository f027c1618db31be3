import { readdirSync, readFileSync } from 'node:fs';

/** The resources used by processes and their children. */
export interface Usage {
  /** User and system time so far. */
  readonly cpuMs: number;
  /** Resident memory now. Memory shared between processes is counted once. */
  readonly memoryMb: number;
}

/** Linux reports processor time in hundredths of a second, whatever the rate of its own clock. */
const tickMs = 10;

/** The sum over the processes and their descendants. An exited process counts if its parent has waited for it. */
export function usageOf(roots: readonly number[]): Usage {
  let ticks = 0;
  let kib = 0;
  for (const pid of treesOf(roots)) {
    try {
      // utime, stime, cutime and cstime of proc_pid_stat(5). The process name before them can contain anything.
      const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? [];
      ticks += fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
      kib += Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'))?.[1] ?? 0);
    } catch {
      // The process has exited since it was listed.
    }
  }
  return { cpuMs: ticks * tickMs, memoryMb: kib / 1024 };
}

function treesOf(roots: readonly number[]): readonly number[] {
  const childrenOf = Map.groupBy(processes(), ({ parent }) => parent);
  const withDescendants = (pid: number): number[] => [
    pid,
    ...(childrenOf.get(pid) ?? []).flatMap((child) => withDescendants(child.pid)),
  ];
  return roots.flatMap(withDescendants);
}

function processes(): { pid: number; parent: number }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'latin1').split(') ').at(-1) ?? '';
        return [{ pid: Number(name), parent: Number(stat.split(' ')[1]) }];
      } catch {
        return [];
      }
    });
}
