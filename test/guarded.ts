import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Pool, pools } from '../settings/pool.ts';
import type { Edge } from './edge.ts';

/** Writes the flags of a prober that is alive, as far as the edge can see in the next second. */
export function setGuarded(edge: Edge, { down = [] }: { readonly down?: readonly Pool[] } = {}): void {
  const path = (name: string) => join(edge.controlDir, name);
  for (const pool of pools) {
    if (down.includes(pool)) writeFileSync(path(`${pool}.down`), '');
    else rmSync(path(`${pool}.down`), { force: true });
  }
  if (down.length > 0) rmSync(path('both.up'), { force: true });
  else writeFileSync(path('both.up'), '');
  writeFileSync(path('prober.alive'), `${performance.now()}\n`);
}

/** Beats as the prober's do, until they are stopped. */
export function keepGuarded(edge: Edge): () => void {
  setGuarded(edge);
  const timer = setInterval(() => setGuarded(edge), 300);
  return () => clearInterval(timer);
}
