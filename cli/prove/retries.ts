import type { Hands } from './hands.ts';

/** How many requests of one load the edge has tried on both pools, as its log tells. */
export async function countRetried(hands: Hands, userAgent: string): Promise<number> {
  const count = await hands.onEdge(
    // The log may have been rotated meanwhile, more than once.
    `for log in "$LOG".[0-9]* "$LOG"; do [ ! -f "$log" ] || grep -hF '${userAgent}' "$log" || :; done | ` +
      `grep -c 'upstream_status="[^"]*, ' || :`,
  );
  return Number(count);
}
