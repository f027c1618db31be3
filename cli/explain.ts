import { CommanderError } from 'commander';
import { SettingsError } from '../settings/read.ts';
import { CommandError } from './command-error.ts';

/** Tells what has ended a command, and what to do next; returns what kind of end it is. */
export function explain(error: unknown): 'done' | 'failed' | 'misuse' {
  // It has been told already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 'done' : 'misuse';
  if (error instanceof SettingsError) {
    process.stderr.write(`bluegreen: these settings cannot be used; nothing was started:\n`);
    for (const fault of error.faults) process.stderr.write(`  ${fault}\n`);
    process.stderr.write('Correct them in .env (see .env.example) and try again\n');
    return 'misuse';
  }
  if (error instanceof CommandError) {
    process.stderr.write(`bluegreen: ${error.message}\n`);
    if (error.next !== undefined) process.stderr.write(`Next: ${error.next}\n`);
    return error.code === 'MISUSE' ? 'misuse' : 'failed';
  }
  process.stderr.write(`bluegreen: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return 'failed';
}
