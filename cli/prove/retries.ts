import type { Hands } from './hands.ts';

/** How many requests of one load the edge has tried on both pools, as its log tells; the log may just have been rotated. */
export async function countRetried(hands: Hands, userAgent: string): Promise<number> {
  const count = await hands.onEdge(
    `for log in "$LOG.1" "$LOG"; do [ ! -f "$log" ] || grep -hF '${userAgent}' "$log" || :; done | ` +
      `grep -c 'upstream_status="[^"]*, ' || :`,
  );
  return Number(count);
}
