import { setTimeout as delay } from 'node:timers/promises';
import type { Engine } from '../engine/engine.ts';
import type { Stack } from '../stack/stack.ts';
import { engineLook, type Look, type QuickLook, quickLook } from '../status/look.ts';

const quickEveryMs = 500;
/** What starts processes is done no more often than this … */
const engineEveryMs = 1_500;
/** … takes at most this share of the time, however slow the machine is … */
const engineShare = 0.2;
/** … and is done sooner where the quick look shows that something has changed. */
const engineAtOnceMs = 300;

/** Looks at the stack again and again until the signal; one that takes long keeps no other back. */
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

/** Changes when there may be something new to ask the engine for. */
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
