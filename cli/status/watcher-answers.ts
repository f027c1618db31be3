import { z } from 'zod';
import { certificateStates } from '../../report/certificates.ts';
import type { Counters } from '../../report/counters.ts';
import type { AlertDelivery } from '../../report/delivery.ts';
import type { Health } from '../../report/health.ts';

// The fields that the command line reads. A watcher of another version may send more, and another program may use its port.

const channel = z.object({
  name: z.string(),
  state: z.string(),
  queued: z.number(),
  sent: z.number(),
  lastError: z.string().nullable(),
});

const certificate = z.object({
  domain: z.string(),
  source: z.enum(['acme', 'file', 'self-signed']),
  issuer: z.string(),
  notAfterMs: z.number(),
  state: z.enum(certificateStates),
  failures: z.number(),
  error: z.string().nullable(),
  nextAttemptMs: z.number().nullable(),
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
  certificates: z.array(certificate).optional(),
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

/** The alerts and their delivery; undefined if the answer is something else. */
export function alertsOf(answer: unknown): readonly AlertDelivery[] | undefined {
  return alerts.safeParse(answer).data;
}

/** The watcher's health report; undefined if the answer is something else. */
export function healthOf(answer: unknown): Health | undefined {
  return health.safeParse(answer).success ? (answer as Health) : undefined;
}

/** The watcher's counters; undefined if the answer is something else. */
export function countersOf(answer: unknown): Counters | undefined {
  return counters.safeParse(answer).success ? (answer as Counters) : undefined;
}
