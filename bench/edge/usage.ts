import { readdirSync, readFileSync } from 'node:fs';

/** What processes have used, those that they have started included. */
export interface Usage {
  /** User and system time so far. */
  readonly cpuMs: number;
  /** Resident now; what processes share is counted once. */
  readonly memoryMb: number;
}

/** Linux tells processor time in hundredths of a second, whatever its own clock. */
const tickMs = 10;

/** Of a process and its descendants, together. What has ended counts where its parent has waited for it. */
export function usageOf(roots: readonly number[]): Usage {
  let ticks = 0;
  let kib = 0;
  for (const pid of treesOf(roots)) {
    try {
      // utime, stime, cutime, cstime of proc_pid_stat(5); the name before them may hold anything.
      const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? [];
      ticks += fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
      kib += Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'))?.[1] ?? 0);
    } catch {
      // It has ended since the list was made.
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
