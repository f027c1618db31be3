import { CommanderError } from 'commander';
import { SettingsError } from '../../settings/read.ts';
import { CommandError } from './command-error.ts';
import { tell } from './terminal.ts';

/** Prints why a command ended and what to do next. Returns the kind of its exit code. */
export function explain(error: unknown): 'done' | 'failed' | 'misuse' {
  // Commander has already printed it.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 'done' : 'misuse';
  if (error instanceof SettingsError) {
    tell('bluegreen: invalid settings; nothing was started:');
    for (const fault of error.faults) tell(`  ${fault}`);
    tell('Correct them in .env (see .env.example) and try again');
    return 'misuse';
  }
  if (error instanceof CommandError) {
    tell(`bluegreen: ${error.message}`);
    if (error.next !== undefined) tell(`Next: ${error.next}`);
    return error.code === 'MISUSE' ? 'misuse' : 'failed';
  }
  tell(`bluegreen: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return 'failed';
}
