import { warning } from './terminal.ts';

export interface Interruption {
  readonly signal: AbortSignal;
  /** Restores the default effect of Ctrl-C. */
  end(): void;
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Makes Ctrl-C (and a closed terminal) end a command in order: the first one asks for it, a second one exits at once.
 * @param whereThingsStand printed at the second one
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
    warning(`${name}: stopping in order; press again to abort`);
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
