import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { AlertKind } from '../../report/alert-kinds.ts';
import type { Health, TailState } from '../../report/health.ts';
import { CommandError } from '../terminal/command-error.ts';
import type { Hands } from './hands.ts';

/** An alert that was sent, or held back. */
export interface SeenAlert {
  readonly kind: AlertKind;
  readonly incident: string;
  /** The text of the alert. */
  readonly text: string;
  /** Why it was held back; undefined if it was sent. */
  readonly heldBack?: string | undefined;
}

/**
 * A watcher of the proof's own, on the same log and the same flags. The stack's watcher may hold alerts back because of earlier
 * ones, and would see nothing but flapping in a series of scenarios.
 */
export interface ProofWatcher {
  /** All alerts so far; the list grows. */
  readonly alerts: readonly SeenAlert[];
  /** Why a missing alert proves nothing; undefined if the watcher runs and reads the log. */
  silenceReason(): Promise<string | undefined>;
  stop(): Promise<void>;
}

const startDeadlineMs = 30_000;

/** A script that ends the watcher once the other end of its stdin is closed, even by a crash. */
const leash = (cleanUp: string) => `"$0" "$@" </dev/null & pid=$!; read -r _; kill "$pid"; wait "$pid"; ${cleanUp}`;

/**
 * Starts the watcher; returns once it follows the log.
 * @throws {CommandError} if it does not start within 30 s
 */
export async function startProofWatcher(hands: Hands): Promise<ProofWatcher> {
  const { command, env, cleanUp = ':', health } = await hands.watcher();
  const child = spawn('/bin/sh', ['-c', leash(cleanUp), ...command], {
    env,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit');
  const alerts: SeenAlert[] = [];
  const output: string[] = [];
  const started = Promise.withResolvers<void>();
  const refuse = () =>
    started.reject(new CommandError(`the proof's watcher did not start:\n${output.slice(-5).join('\n')}`));
  const tooLate = setTimeout(refuse, startDeadlineMs);
  createInterface({ input: child.stderr }).on('line', (line) => output.push(line));
  createInterface({ input: child.stdout })
    .on('line', (line) => {
      output.push(line);
      const entry = parsed(line);
      if (entry?.msg === 'watcher started') started.resolve();
      if (entry?.alert === undefined) return;
      const { alert: kind, incident = '', msg: text = '', reason } = entry;
      alerts.push({ kind, incident, text, heldBack: reason });
    })
    .on('close', refuse);
  try {
    await started.promise;
  } catch (error) {
    child.stdin.destroy();
    throw error;
  } finally {
    clearTimeout(tooLate);
  }
  return {
    alerts,
    async silenceReason() {
      const state = stateOf(await health());
      if (state === undefined) return ["the proof's watcher does not answer:", ...output.slice(-5)].join('\n');
      return state === 'failing' || state === 'waiting'
        ? `the proof's watcher does not read the log (${state})`
        : undefined;
    },
    async stop() {
      child.stdin.destroy();
      await exited;
    },
  };
}

/** A line of the watcher's log. */
interface Entry {
  readonly msg?: string;
  readonly alert?: AlertKind;
  readonly incident?: string;
  readonly reason?: string;
}

function parsed(line: string): Entry | undefined {
  try {
    return JSON.parse(line) as Entry;
  } catch {
    return undefined;
  }
}

/** Undefined if the watcher does not answer. */
function stateOf(health: string): TailState | undefined {
  try {
    return (JSON.parse(health) as Health).log.state;
  } catch {
    return undefined;
  }
}
