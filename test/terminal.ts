import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { eventually } from './condition.ts';
import { type RunningCommand, startCommand } from './running-command.ts';

const quoted = (word: string) => `'${word.replaceAll("'", "'\\''")}'`;

/** A command in its own pseudo-terminal, created by script(1) of util-linux. */
export class Terminal {
  readonly #running: RunningCommand;
  readonly #mark: string;
  #hasEnded = false;

  /** @param mark a part of the command line that no other process has */
  constructor(command: readonly string[], mark: string, env: NodeJS.ProcessEnv) {
    this.#mark = mark;
    // Run by a shell: when its own child is suspended, script(1) stops too, sometimes before it has passed on the output.
    const line = `stty rows 24 cols 100; ${command.map(quoted).join(' ')}; exit $?`;
    this.#running = startCommand('script', ['--quiet', '--flush', '--return', '--command', line, '/dev/null'], {
      cwd: process.cwd(),
      env: { ...env, TERM: 'xterm-256color' },
    });
    void this.#running.exitCode.then(() => {
      this.#hasEnded = true;
    });
  }

  /** Everything written to the terminal so far. */
  get written(): string {
    return this.#running.output();
  }

  /** What a person sees: the last frame, as each overwrites the one before. */
  get screen(): string {
    const frame = this.written.split('\x1b[?2026h').at(-1) ?? '';
    return stripVTControlCharacters(frame).replaceAll('\r', '');
  }

  shows(pattern: RegExp): Promise<string> {
    return eventually(
      `the screen to show ${pattern}`,
      () => (pattern.test(this.screen) ? this.screen : undefined),
      20_000,
    );
  }

  resize(rows: number, columns: number): void {
    const device = readlinkSync(`/proc/${this.pid}/fd/1`);
    execFileSync('stty', ['-F', device, 'rows', String(rows), 'cols', String(columns)]);
  }

  /** The pid of the command, not of script(1). */
  get pid(): number {
    const found = readdirSync('/proc').find((name) => {
      const words = commandLine(name);
      return words.includes(this.#mark) && words.includes('cli/main.ts') && /^\S*node\b/.test(words);
    });
    if (found === undefined) throw new Error('the command is not running');
    return Number(found);
  }

  /** Continues the command, as `fg` of a shell does. */
  resume(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  /** Ends the command, in whatever state a test has left it. */
  async close(): Promise<void> {
    if (this.#hasEnded) return;
    this.resume();
    process.kill(this.pid, 'SIGKILL');
    await this.exitCode;
  }

  get exitCode(): Promise<number | undefined> {
    return this.#running.exitCode;
  }
}

function commandLine(pid: string): string {
  if (!/^\d+$/.test(pid)) return '';
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    // It has just ended.
    return '';
  }
}
