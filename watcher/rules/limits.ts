export const stableForMs = 5 * 60_000;
