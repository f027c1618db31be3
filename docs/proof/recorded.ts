import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { EngineName } from '../../cli/engine.ts';

const count = z.int().nonnegative();
const setting = z.union([z.string(), z.number().transform(String)]);

/** Of what `./bluegreen prove --json` prints, what the tables show; `record.ts` adds the commit. */
const recorded = z.object({
  at: z.iso.datetime().optional(),
  version: z.string().optional(),
  commit: z.string().optional(),
  engine: z.enum(['compose', 'host']),
  nginx: z.string(),
  load: z.object({ rate: count, connections: count, seconds: count }),
  settings: z.record(z.string(), setting),
  proved: z.boolean(),
  scenarios: z.array(
    z.object({
      name: z.string(),
      about: z.string(),
      requests: count,
      failed: count,
      excused: z.array(z.object({ what: z.string(), why: z.string(), count, most: z.number().nullable() })),
      retried: count,
      late: count,
      p50Ms: z.number(),
      p99Ms: z.number(),
      p999Ms: z.number(),
      maxMs: z.number(),
      failoverMs: z.number().optional(),
      recoveryMs: z.number().optional(),
      alertsDue: count,
      alertsTold: count,
      faults: z.array(z.string()),
    }),
  ),
  skipped: z.array(z.object({ name: z.string(), why: z.string() })),
});

export type Recorded = z.output<typeof recorded>;

const pathOf = (engine: EngineName) => join(import.meta.dirname, `${engine}.json`);

export function parseProof(document: string): Recorded {
  return recorded.parse(JSON.parse(document));
}

export function readRecorded(engine: EngineName): Recorded {
  return parseProof(readFileSync(pathOf(engine), 'utf8'));
}

export function writeRecorded(proof: Recorded): void {
  writeFileSync(pathOf(proof.engine), `${JSON.stringify(proof, null, 2)}\n`);
}
