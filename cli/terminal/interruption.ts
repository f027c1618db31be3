import { warning } from './terminal.ts';

export interface Interruption {
  readonly signal: AbortSignal;
  /** Restores the default behavior of Ctrl-C. */
  end(): void;
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Makes Ctrl-C, or a closed terminal, stop a command gracefully. A second Ctrl-C exits at once.
 * @param whereThingsStand what to print on the second Ctrl-C: the state in which the stack is left
 */
export function interruption(whereThingsStand: () => string): Interruption {
  const controller = new AbortController();
  // A closed terminal must not end the operation.
  const ignore = () => {};
  process.stderr.on('error', ignore);
  const onSignal = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) {
      process.stderr.write(`\nbluegreen: aborted; ${whereThingsStand()}\n`);
      process.exit(1);
    }
    process.stderr.write('\n');
    warning(`${name}: stopping gracefully; press Ctrl-C again to abort`);
    controller.abort(new Interrupted());
  };
  for (const name of signals) process.on(name, onSignal);
  return {
    signal: controller.signal,
    end() {
      for (const name of signals) process.off(name, onSignal);
      process.stderr.off('error', ignore);
    },
  };
}

/** The reason of the aborted signal. */
export class Interrupted extends Error {
  readonly code = 'INTERRUPTED';

  constructor() {
    super('interrupted');
    this.name = 'Interrupted';
  }
}
