import { SettingsError } from '../settings/read.ts';

/**
 * Runs a program until SIGTERM or SIGINT, then calls its stop function; a second signal exits at once with code 1. Invalid
 * settings are reported one per line, with exit code 2.
 */
export function startProgram(name: string, start: () => (signal: NodeJS.Signals) => Promise<void>): void {
  let stop: (signal: NodeJS.Signals) => Promise<void>;
  try {
    stop = start();
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    for (const fault of error.faults) process.stderr.write(`${name}: ${fault}\n`);
    process.exit(2);
  }
  let stopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1);
      stopping = true;
      stop(signal).then(
        () => process.exit(0),
        (error: unknown) => {
          process.stderr.write(`${name}: ${String(error)}\n`);
          process.exit(1);
        },
      );
    });
  }
}
