import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { signalGroup } from '../system/process-info.ts';

const deadlineMs = 60_000;

/** A command in a process group of its own, as a terminal runs it. */
export interface RunningCommand {
  /** The output so far, of both streams. */
  output(): string;
  /** Returns as soon as the output matches. */
  says(pattern: RegExp): Promise<void>;
  /** Sends SIGINT to the whole process group, as Ctrl-C does. */
  interrupt(): void;
  /** Sends SIGKILL to the command itself only. */
  kill(): void;
  /** Undefined if a signal ended the command. */
  readonly exitCode: Promise<number | undefined>;
}

export function startCommand(
  command: string,
  args: readonly string[],
  { cwd, env }: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): RunningCommand {
  const child = spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const pid = child.pid ?? 0;
  let output = '';
  let waiting: (() => void)[] = [];
  const wake = () => {
    for (const look of waiting) look();
  };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
      wake();
    });
  }
  const exitCode = once(child, 'exit').then(([code]: (number | null)[]) => code ?? undefined);
  let ended = false;
  void exitCode.then(() => {
    ended = true;
    wake();
  });

  return {
    output: () => output,
    async says(pattern) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const tooLate = setTimeout(() => reject(new Error(`waited for ${pattern}, got\n${output}`)), deadlineMs);
      const look = () => {
        if (pattern.test(output)) resolve();
        else if (ended) reject(new Error(`ended before ${pattern}, with\n${output}`));
      };
      waiting.push(look);
      look();
      try {
        await promise;
      } finally {
        clearTimeout(tooLate);
        waiting = waiting.filter((one) => one !== look);
      }
    },
    interrupt: () => void signalGroup(pid, 'SIGINT'),
    kill: () => void child.kill('SIGKILL'),
    exitCode,
  };
}
