import { CommanderError } from 'commander';
import { SettingsError } from '../../settings/read.ts';
import { CommandError } from './command-error.ts';
import { printToStderr } from './terminal.ts';

/** Prints why a command ended and what to do next. Returns the kind of its exit code. */
export function explain(error: unknown): 'done' | 'failed' | 'misuse' {
  // Commander has already printed it.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 'done' : 'misuse';
  if (error instanceof SettingsError) {
    printToStderr('bluegreen: invalid settings; nothing was started:');
    for (const fault of error.faults) printToStderr(`  ${fault}`);
    printToStderr('Correct them in .env (see .env.example) and try again');
    return 'misuse';
  }
  if (error instanceof CommandError) {
    printToStderr(`bluegreen: ${error.message}`);
    if (error.next !== undefined) printToStderr(`Next: ${error.next}`);
    return error.code === 'MISUSE' ? 'misuse' : 'failed';
  }
  printToStderr(`bluegreen: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return 'failed';
}
