/** Such as `2025-11-23 03:40:12 UTC`. */
export function utcTime(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** Such as `45 ms`, `3.0 s`, `12 s`, `5 min 3 s` or `2 h 4 min`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 10_000) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min${rest(seconds % 60, 's')}`
    : `${Math.floor(minutes / 60)} h${rest(minutes % 60, 'min')}`;
}

function rest(count: number, unit: string): string {
  return count === 0 ? '' : ` ${count} ${unit}`;
}

export function rate(failed: number, samples: number): string {
  const percent = samples === 0 ? 0 : (failed * 100) / samples;
  return `5xx in upstream attempts: ${percent.toFixed(2)}% over last ${requests(samples)}`;
}

export function share(failed: number, count: number): string {
  return `${((count === 0 ? 0 : failed / count) * 100).toFixed(2)}%`;
}

export function factor(burn: number): string {
  return burn < 100 ? burn.toFixed(1) : burn.toFixed(0);
}

/** Like `duration`, but in days from 48 hours on. */
export function span(ms: number): string {
  return ms < 48 * 3_600_000 ? duration(ms) : `${(ms / 86_400_000).toFixed(1)} days`;
}

export function requests(count: number): string {
  return count === 1 ? '1 request' : `${count} requests`;
}

/** Such as `1234 requests, 0.08% failed`. */
export function countedText(counted: { readonly requests: number; readonly failed: number }): string {
  return `${requests(counted.requests)}, ${share(counted.failed, counted.requests)} failed`;
}
