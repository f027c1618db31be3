import { readdirSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { type Exposition, single } from './exposition.ts';

/**
 * Metrics of this process, under the names that all Prometheus clients use. prom-client's own collection is not used: it wakes
 * the process a hundred times a second to measure the event loop, observes every garbage collection, and has names that
 * `promtool check metrics` rejects.
 */
export function exposeProcess(exposition: Exposition, version: string): void {
  const startedAtS = (Date.now() - performance.now()) / 1_000;
  exposition.gauge(
    { name: 'bluegreen_build_info', help: 'The version of bluegreen that runs.', labels: ['version', 'node'] },
    () => [[[version, process.version], 1]],
  );
  exposition.counter(
    { name: 'process_cpu_seconds_total', help: 'User and system time of all threads, in seconds.' },
    () => {
      const { user, system } = process.cpuUsage();
      return single((user + system) / 1e6);
    },
  );
  exposition.gauge({ name: 'process_start_time_seconds', help: 'When the process started, in Unix time.' }, () =>
    single(startedAtS),
  );
  exposition.gauge({ name: 'process_resident_memory_bytes', help: 'Resident memory.' }, () =>
    single(process.memoryUsage.rss()),
  );
  exposition.gauge({ name: 'nodejs_heap_size_used_bytes', help: 'Used size of the V8 heap.' }, () =>
    single(process.memoryUsage().heapUsed),
  );
  exposition.counter(
    {
      name: 'nodejs_eventloop_busy_seconds_total',
      help: 'Time that the event loop was busy; its rate is the share of one core.',
    },
    () => single(performance.eventLoopUtilization().active / 1_000),
  );
  exposition.gauge({ name: 'process_open_fds', help: 'Open file descriptors.' }, () => {
    const open = openDescriptors();
    return open === undefined ? [] : single(open);
  });
}

/** The number of open file descriptors, from proc_pid_fd(5); undefined if /proc does not exist, as on macOS. */
function openDescriptors(): number | undefined {
  try {
    // The listing itself uses one of them.
    return readdirSync('/proc/self/fd').length - 1;
  } catch {
    return undefined;
  }
}
