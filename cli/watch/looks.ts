import { setTimeout as delay } from 'node:timers/promises';
import type { Engine } from '../engine/engine.ts';
import type { Stack } from '../stack/stack.ts';
import { engineLook, type Look, type QuickLook, quickLook } from '../status/look.ts';

const quickEveryMs = 500;
/** A look that starts processes happens no more often than this … */
const engineEveryMs = 1_500;
/** … takes at most this share of the time, even on a slow machine … */
const engineShare = 0.2;
/** … and happens sooner if the quick look shows a change. */
const engineAtOnceMs = 300;

/** Looks at the stack repeatedly until the signal. A slow look does not delay the others. */
export async function* looks(stack: Stack, engine: Engine, signal: AbortSignal): AsyncGenerator<Look> {
  let known = await engineLook(stack, engine);
  let endedAtMs = performance.now();
  let tookMs = 0;
  let seen = '';
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
    const news = newsOf(quick);
    const waitMs = news === seen ? Math.max(engineEveryMs, tookMs / engineShare) : engineAtOnceMs;
    if (asked === undefined && performance.now() - endedAtMs >= waitMs) {
      seen = news;
      asked = ask();
    }
    yield { ...quick, ...known };
    await delay(quickEveryMs, undefined, { signal }).catch(() => {});
  }
}

/** Changes if the engine may have news. */
function newsOf({ pools, watcher }: QuickLook): string {
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
