import { warning } from './terminal.ts';

export interface Interruption {
  readonly signal: AbortSignal;
  /** Ctrl-C does as it always does again. */
  end(): void;
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Turns Ctrl-C (and a closed terminal) into an orderly end: the first one asks for it, a second one ends the program at once.
 * @param whereThingsStand told at the second one
 */
export function interruption(whereThingsStand: () => string): Interruption {
  const controller = new AbortController();
  // A terminal that is gone must not be the end of what goes on.
  const ignore = () => {};
  process.stderr.on('error', ignore);
  const onSignal = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) {
      process.stderr.write(`\nbluegreen: ended at once; ${whereThingsStand()}\n`);
      process.exit(1);
    }
    process.stderr.write('\n');
    warning(`${name}: stopping in good order; once more ends at once`);
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

/** Why the signal is aborted. */
export class Interrupted extends Error {
  readonly code = 'INTERRUPTED';

  constructor() {
    super('interrupted');
    this.name = 'Interrupted';
  }
}
