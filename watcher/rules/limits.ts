/** A pool has stopped flapping once it has not failed over or recovered for this long. */
export const stableForMs = 5 * 60_000;
