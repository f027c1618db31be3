import { readFileSync } from 'node:fs';
import { execaSync } from 'execa';
import { errorCode } from './error-code.ts';

export interface ProcessInfo {
  /** Distinguishes a process from a later one with the same pid. */
  readonly startedAt: string;
  readonly frozen: boolean;
}

/** Describes a running process; undefined if no process has this pid, or if it is a zombie. */
export function processInfo(pid: number): ProcessInfo | undefined {
  return process.platform === 'linux' ? fromProc(pid) : fromPs(pid);
}

function fromProc(pid: number): ProcessInfo | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  // The second field is the program's name in parentheses, which may contain anything, even ")".
  const [state = '', ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (state === 'Z' || state === 'X') return undefined;
  // proc(5): field 3 is `state`, field 22 is `starttime`; `fields` begins with field 4.
  return { startedAt: fields[18] ?? '', frozen: state === 'T' };
}

function fromPs(pid: number): ProcessInfo | undefined {
  const { exitCode, stdout } = execaSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { reject: false });
  const line = typeof stdout === 'string' ? stdout.trim() : '';
  if (exitCode !== 0 || line === '' || line.startsWith('Z')) return undefined;
  return { startedAt: line.replace(/^\S+\s+/, ''), frozen: line.startsWith('T') };
}

/**
 * Sends a signal to a process group; false if it does not exist.
 * @throws the errors of kill(2) other than ESRCH, such as EPERM
 */
export function signalGroup(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(-pid, signal);
    return true;
  } catch (error) {
    if (errorCode(error) === 'ESRCH') return false;
    throw error;
  }
}
