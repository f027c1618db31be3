import { z } from 'zod';

/** The content of `muted.json` in the control directory. It has no effect after `untilMs`. Times are in epoch milliseconds. */
export const muted = z.object({
  sinceMs: z.number().nonnegative(),
  untilMs: z.number().nonnegative(),
  actor: z.string().min(1).max(200),
});

export type Muted = z.output<typeof muted>;
