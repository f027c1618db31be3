import type { Service } from '../engine.ts';

const unitSeconds: { readonly [unit: string]: number } = {
  second: 1,
  minute: 60,
  hour: 3_600,
  day: 86_400,
  week: 604_800,
  month: 2_592_000,
  year: 31_536_000,
};

/** Whether a service that ran and runs has ended in between. */
export function wasRestarted(before: Service, after: Service): boolean {
  const [was, is] = [pidOf(before), pidOf(after)];
  if (was !== undefined && is !== undefined) return was !== is;
  return upSeconds(after) < upSeconds(before);
}

/** The host engine says which process it is. */
function pidOf({ detail }: Service): string | undefined {
  return /^pid (\d+)/.exec(detail)?.[1];
}

/** Docker says since when, in words: "Up 3 minutes (healthy)", "Up About an hour", "Up Less than a second". */
function upSeconds({ detail }: Service): number {
  const [, count, unit = ''] =
    /^Up (\d+|About an?|Less than a) (second|minute|hour|day|week|month|year)/.exec(detail) ?? [];
  if (count === undefined || count.startsWith('Less')) return 0;
  return (count.startsWith('About') ? 1 : Number(count)) * (unitSeconds[unit] ?? 0);
}
