import { z } from 'zod';

/** What `muted.json` in the control directory holds; it exists while alerts are muted, and counts for nothing afterwards. */
export const muted = z.object({
  sinceMs: z.number().nonnegative(),
  untilMs: z.number().nonnegative(),
  actor: z.string().min(1).max(200),
});

export type Muted = z.output<typeof muted>;
