import type { Request, Response } from 'express';
import { exhaustMemory, whyMemoryIsShared } from './memory.ts';
import { type Bounds, queryFault, queryNumber } from './query.ts';

/** Faults that happen once; a mode lasts until it is stopped. */
export const chaosActs = ['block', 'oom'] as const;

export type ChaosAct = (typeof chaosActs)[number];

const blockBounds: Bounds = { min: 1, max: 60, default: 5 };

export function isChaosAct(word: unknown): word is ChaosAct {
  return chaosActs.some((act) => act === word);
}

/** Runs the act once the answer has been sent. Returns false if it is not possible; the answer then says why. */
export function actOut(act: ChaosAct, request: Request, response: Response): boolean {
  switch (act) {
    case 'block': {
      const seconds = queryNumber(request, 'seconds', blockBounds);
      if (seconds === undefined) {
        response.status(400).json(queryFault('seconds', blockBounds));
        return false;
      }
      response.once('finish', () => blockEventLoop(seconds * 1_000));
      return true;
    }
    case 'oom': {
      const reason = whyMemoryIsShared();
      if (reason !== undefined) {
        response.status(409).json({ status: 'error', message: `oom: ${reason}` });
        return false;
      }
      response.once('finish', exhaustMemory);
      return true;
    }
    default:
      return act satisfies never;
  }
}

/** No request, timer or signal handler runs in this time. */
function blockEventLoop(durationMs: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, durationMs);
}
