import { z } from 'zod';
import type { Counters } from '../../report/counters.ts';
import type { AlertDelivery } from '../../report/delivery.ts';
import type { Health } from '../../report/health.ts';

// What the command line reads of them; a watcher of another version may say more, and something else entirely may listen there.

const channel = z.object({
  name: z.string(),
  state: z.string(),
  queued: z.number(),
  sent: z.number(),
  lastError: z.string().nullable(),
});

const health = z.object({
  status: z.string(),
  log: z.object({ state: z.string(), fault: z.string().nullable(), lastLine: z.string().nullable() }),
  checkpoint: z.object({ state: z.string() }),
  serving: z.string().nullable(),
  openIncidents: z.array(z.object({ kind: z.string(), incident: z.string(), since: z.string() })),
  window: z.object({ samples: z.number(), errorPercent: z.number() }),
  alertsHeldBack: z.number(),
  channels: z.array(channel),
});

const counts = z.object({ requests: z.number(), failed: z.number() });

const counters = z.object({
  startedAtMs: z.number(),
  nowMs: z.number(),
  pools: z.object({ blue: counts, green: counts }),
});

const alerts = z.array(
  z.object({
    incident: z.string(),
    delivery: z.array(z.object({ channel: z.string(), state: z.enum(['waiting', 'sent', 'failed', 'unknown']) })),
  }),
);

/** Undefined: that does not tell what has become of alerts. */
export function alertsOf(answer: unknown): readonly AlertDelivery[] | undefined {
  return alerts.safeParse(answer).data;
}

/** Undefined: that is no health report of a watcher's. */
export function healthOf(answer: unknown): Health | undefined {
  return health.safeParse(answer).success ? (answer as Health) : undefined;
}

/** Undefined: those are no counts of a watcher's. */
export function countersOf(answer: unknown): Counters | undefined {
  return counters.safeParse(answer).success ? (answer as Counters) : undefined;
}
