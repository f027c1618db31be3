import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { LoadOptions } from './load.ts';
import type { Order, Report, Slice } from './messages.ts';
import type { Sample } from './sample.ts';

const main = fileURLToPath(new URL('main.ts', import.meta.url));

/** A load in a process of its own. */
export interface LoadProcess {
  /** All slices so far; the list grows. */
  readonly slices: readonly Slice[];
  /**
   * Stops the load, and returns all requests in the order of their ends.
   * @throws if the process has exited early
   */
  end(): Promise<readonly Sample[]>;
  /** Kills the process at once, whatever is in flight. */
  kill(): void;
}

/** Starts the load in a new process; returns when it has begun. */
export async function startLoadProcess(options: LoadOptions): Promise<LoadProcess> {
  const child = fork(main, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const slices: Slice[] = [];
  const samples: Sample[] = [];
  const ready = Promise.withResolvers<void>();
  const done = Promise.withResolvers<void>();
  child.on('message', (message: Report) => {
    switch (message.report) {
      case 'ready':
        ready.resolve();
        break;
      case 'slice':
        slices.push(message.slice);
        break;
      case 'samples':
        for (const sample of message.samples) samples.push(sample);
        break;
      case 'done':
        done.resolve();
        break;
      default:
        message satisfies never;
    }
  });
  const fail = (error: Error) => {
    ready.reject(error);
    done.reject(error);
  };
  child.on('error', fail);
  child.once('exit', (code, signal) => {
    fail(new Error(`the load process exited early (${signal ?? `exit code ${code}`})`));
  });
  // Prevents an unhandled rejection if nothing waits for it yet.
  done.promise.catch(() => undefined);
  await ready.promise;
  send(child, { order: 'begin', options });
  return {
    slices,
    async end() {
      send(child, { order: 'end' });
      await done.promise;
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      return samples;
    },
    kill: () => void child.kill('SIGKILL'),
  };
}

/** Ignores errors: if the process is gone, its exit is reported already. */
function send(child: ChildProcess, order: Order): void {
  child.send(order, () => undefined);
}
