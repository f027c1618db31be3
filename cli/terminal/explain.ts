import { CommanderError } from 'commander';
import { SettingsError } from '../../settings/read.ts';
import { CommandError } from './command-error.ts';
import { tell } from './terminal.ts';

/** Tells what has ended a command, and what to do next; returns what kind of end it is. */
export function explain(error: unknown): 'done' | 'failed' | 'misuse' {
  // It has been told already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 'done' : 'misuse';
  if (error instanceof SettingsError) {
    tell('bluegreen: these settings cannot be used; nothing was started:');
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
