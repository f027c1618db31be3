import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { EngineName } from '../../cli/engine/engine.ts';

const count = z.int().nonnegative();

/** The part of the output of `./bluegreen prove --json` that the tables show; `record.ts` adds the commit. */
const recorded = z.object({
  at: z.iso.datetime(),
  version: z.string(),
  commit: z.string(),
  engine: z.enum(['compose', 'host']),
  nginx: z.string(),
  load: z.object({ rate: count, connections: count, seconds: count }),
  settings: z.record(z.string(), z.string()),
  proved: z.boolean(),
  scenarios: z.array(
    z.object({
      name: z.string(),
      about: z.string(),
      requests: count,
      failed: count,
      excused: z.array(z.object({ what: z.string(), why: z.string(), count, most: count })),
      retried: count,
      late: count,
      p50Ms: z.number(),
      p99Ms: z.number(),
      p999Ms: z.number(),
      maxMs: z.number(),
      failoverMs: z.number().optional(),
      recoveryMs: z.number().optional(),
      alertsDue: count,
      alertsRaised: count,
      faults: z.array(z.string()),
    }),
  ),
  skipped: z.array(z.object({ name: z.string(), why: z.string() })),
});

export type Recorded = z.output<typeof recorded>;

const pathOf = (engine: EngineName) => join(import.meta.dirname, `${engine}.json`);

/** @throws {z.ZodError} if the value is not a proof */
export function parseProof(proof: unknown): Recorded {
  return recorded.parse(proof);
}

export function readRecorded(engine: EngineName): Recorded {
  return parseProof(JSON.parse(readFileSync(pathOf(engine), 'utf8')));
}

export function writeRecorded(proof: Recorded): void {
  writeFileSync(pathOf(proof.engine), `${JSON.stringify(proof, null, 2)}\n`);
}
