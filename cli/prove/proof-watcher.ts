import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { AlertKind } from '../../report/alert-kinds.ts';
import type { Health, TailState } from '../../report/health.ts';
import { CommandError } from '../terminal/command-error.ts';
import type { Hands } from './hands.ts';

/** An alert that was told, or held back for a reason. */
export interface SeenAlert {
  readonly kind: AlertKind;
  readonly incident: string;
  /** In words. */
  readonly text: string;
  /** Why it was not told; undefined: it was. */
  readonly heldBack?: string | undefined;
}

/**
 * A watcher of the proof's own, on the same log and the same flags: the stack's own one may hold alerts back because of what
 * it told before, and flapping is all that it would see of a row of scenarios.
 */
export interface ProofWatcher {
  /** Grows. */
  readonly alerts: readonly SeenAlert[];
  /** Why nothing can be concluded from its silence; undefined: it is there, and reads the log. */
  whyDeaf(): Promise<string | undefined>;
  stop(): Promise<void>;
}

const startDeadlineMs = 30_000;

/** Ends the watcher when nobody holds the other end of its stdin any more, be it by a crash. */
const leash = (cleanUp: string) => `"$0" "$@" </dev/null & pid=$!; read -r _; kill "$pid"; wait "$pid"; ${cleanUp}`;

/** Returns when it follows the log. */
export async function startProofWatcher(hands: Hands): Promise<ProofWatcher> {
  const { command, env, cleanUp = ':', health } = await hands.watcher();
  const child = spawn('/bin/sh', ['-c', leash(cleanUp), ...command], {
    env,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit');
  const alerts: SeenAlert[] = [];
  const said: string[] = [];
  const started = Promise.withResolvers<void>();
  const refuse = () =>
    started.reject(new CommandError(`the proof's watcher did not start:\n${said.slice(-5).join('\n')}`));
  const tooLate = setTimeout(refuse, startDeadlineMs);
  createInterface({ input: child.stderr }).on('line', (line) => said.push(line));
  createInterface({ input: child.stdout })
    .on('line', (line) => {
      said.push(line);
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
    async whyDeaf() {
      const state = stateOf(await health());
      if (state === undefined) return ["the proof's watcher does not answer:", ...said.slice(-5)].join('\n');
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

/** What a watcher that is not there says is nothing. */
function stateOf(health: string): TailState | undefined {
  try {
    return (JSON.parse(health) as Health).log.state;
  } catch {
    return undefined;
  }
}
