import { setTimeout as delay } from 'node:timers/promises';
import type { Engine } from '../engine/engine.ts';
import type { Stack } from '../stack/stack.ts';
import { engineLook, type Look, type QuickLook, quickLook } from '../status/look.ts';

const quickEveryMs = 500;
/** The least time between two looks that start processes. */
const engineEveryMs = 1_500;
/** They take at most this share of the time, even on a slow machine. */
const engineShare = 0.2;
/** The least time between them if the quick look shows a change. */
const engineAtOnceMs = 300;

/** Looks at the stack repeatedly until the signal aborts. A slow look does not delay the quick ones. */
export async function* looks(stack: Stack, engine: Engine, signal: AbortSignal): AsyncGenerator<Look> {
  let known = await engineLook(stack, engine);
  let endedAtMs = performance.now();
  let tookMs = 0;
  let seenKey = '';
  let asked: Promise<void> | undefined;
  let failure: unknown;

  async function ask(): Promise<void> {
    const startedAtMs = performance.now();
    try {
      known = await engineLook(stack, engine);
    } catch (error) {
      failure = error;
    }
    endedAtMs = performance.now();
    tookMs = endedAtMs - startedAtMs;
    asked = undefined;
  }

  while (!signal.aborted) {
    const quick = await quickLook(stack);
    if (failure !== undefined) throw failure;
    const key = stateKey(quick);
    const waitMs = key === seenKey ? Math.max(engineEveryMs, tookMs / engineShare) : engineAtOnceMs;
    if (asked === undefined && performance.now() - endedAtMs >= waitMs) {
      seenKey = key;
      asked = ask();
    }
    yield { ...quick, ...known };
    await delay(quickEveryMs, undefined, { signal }).catch(() => {});
  }
}

/** Changes if another look at the engine may show something new. */
function stateKey({ pools, watcher }: QuickLook): string {
  const { active, down, muted, deploy, openIncidents } = watcher ?? {};
  return JSON.stringify([
    pools.map(({ health, reported }) => [health, reported]),
    active,
    down,
    muted,
    deploy,
    openIncidents,
  ]);
}
