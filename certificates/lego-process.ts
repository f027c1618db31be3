import { spawn } from 'node:child_process';

const pipesMs = 1_000;
const mostOutput = 64 * 1024;

export interface LegoRun {
  readonly env: NodeJS.ProcessEnv;
  /** Ends it. */
  readonly signal: AbortSignal;
  readonly limitMs: number;
}

export interface LegoResult {
  /** Null if it was killed or could not be started. */
  readonly exitCode: number | null;
  readonly output: string;
  /** Whether it was killed because it took too long. */
  readonly isLate: boolean;
  /** Why it could not be started. */
  readonly fault: string | undefined;
}

/** Runs lego. Never throws. */
export function runLego(args: readonly string[], { env, signal, limitMs }: LegoRun): Promise<LegoResult> {
  const { promise, resolve } = Promise.withResolvers<LegoResult>();
  // In the process group of this program, so that whoever kills that kills lego as well.
  const child = spawn('lego', args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let isLate = false;
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-mostOutput);
    });
  const end = () => child.kill('SIGKILL');
  const tooLate = setTimeout(() => {
    isLate = true;
    end();
  }, limitMs);
  signal.addEventListener('abort', end);
  if (signal.aborted) end();
  const done = (exitCode: number | null, fault?: string) => {
    clearTimeout(tooLate);
    signal.removeEventListener('abort', end);
    resolve({ exitCode, output, isLate, fault });
  };
  child.once('error', (error) => done(null, 'code' in error && error.code === 'ENOENT' ? 'not found' : error.message));
  child.once('close', (exitCode) => done(exitCode));
  // A program that lego started may keep the pipes open.
  child.once('exit', (exitCode) => setTimeout(done, pipesMs, exitCode).unref());
  return promise;
}
