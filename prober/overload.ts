import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Breath } from './breath.ts';
import { flag } from './flag.ts';

/** Shows, in the control directory, that the machine is too busy for both pools to answer their checks in time. */
export interface OverloadFlag {
  isSet(): boolean;
  /** To be called after each check. */
  update(): void;
  stop(): void;
}

export function overloadFlag(
  directory: string,
  { breath, areBothUp, log }: { readonly breath: Breath; readonly areBothUp: () => boolean; readonly log: Logger },
): OverloadFlag {
  const file = flag(join(directory, 'overloaded'));
  let isOverloaded = false;

  function show(wanted: boolean): void {
    if (wanted !== isOverloaded && wanted)
      log.warn('the machine is overloaded: both pools are late, so neither is down');
    if (wanted !== isOverloaded && !wanted) log.info('the machine is no longer overloaded');
    isOverloaded = wanted;
    try {
      if (file.isSet() !== wanted) file.set(wanted, '');
    } catch {
      // Nobody is routed by it, and the next check tries again.
    }
  }

  let stopped = false;
  return {
    isSet: () => isOverloaded,
    update() {
      if (!stopped) show(breath.isOverloaded(performance.now()) && areBothUp());
    },
    stop() {
      stopped = true;
      show(false);
    },
  };
}
