import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { freePorts } from './free-port.ts';

const main = fileURLToPath(new URL('../app/main.ts', import.meta.url));

/** The real app in its own process, on a free port. */
export interface SpawnedApp {
  readonly port: number;
  readonly origin: string;
  readonly process: ChildProcess;
  readonly exit: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** Resolves once the app has logged this message. Earlier messages count. */
  readonly logged: (message: string) => Promise<void>;
  /** The messages logged so far. */
  readonly messages: ReadonlySet<string>;
}

/** Starts the app, which the caller must stop. `wrapper` is a command that runs it. */
export async function spawnApp(
  env: Readonly<Record<string, string>> = {},
  wrapper: readonly string[] = [],
): Promise<SpawnedApp> {
  const [port = 0] = await freePorts(1);
  const [command = process.execPath, ...args] = [...wrapper, process.execPath, main];
  const child = spawn(command, args, {
    env: {
      PATH: process.env.PATH,
      // Compiled once for all tests, as in production.
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
      PORT: String(port),
      BIND_ADDRESS: '127.0.0.1',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = once(child, 'exit').then(([code, signal]) => ({ code, signal }));
  const { messages, logged } = follow(child);
  await logged('serving');
  return { port, origin: `http://127.0.0.1:${port}`, process: child, exit, logged, messages };
}

function follow(child: ChildProcess): Pick<SpawnedApp, 'logged' | 'messages'> {
  const messages = new Set<string>();
  const waiting = new Map<string, PromiseWithResolvers<void>>();
  const { stdout } = child;
  if (stdout === null) throw new Error('no stdout');
  const lines = createInterface({ input: stdout });
  lines.on('line', (line) => {
    const { msg }: { msg: string } = JSON.parse(line);
    messages.add(msg);
    waiting.get(msg)?.resolve();
  });
  lines.on('close', () => {
    for (const [message, { reject }] of waiting) reject(new Error(`the app ended before it logged "${message}"`));
  });
  const logged = (message: string) => {
    const promised = waiting.get(message) ?? Promise.withResolvers<void>();
    waiting.set(message, promised);
    if (messages.has(message)) promised.resolve();
    return promised.promise;
  };
  return { messages, logged };
}
