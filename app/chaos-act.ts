import type { Request, Response } from 'express';
import { exhaustMemory, whyMemoryIsShared } from './memory.ts';
import { type Bounds, queryFault, queryNumber } from './query.ts';

/** What is done once, where a mode lasts until it is stopped. */
export const chaosActs = ['block', 'oom'] as const;

export type ChaosAct = (typeof chaosActs)[number];

const blockBounds: Bounds = { min: 1, max: 60, default: 5 };

export function isChaosAct(word: unknown): word is ChaosAct {
  return chaosActs.some((act) => act === word);
}

/** Does it as soon as the answer is out. False: it cannot be done, and the answer says why. */
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

/** Nothing runs meanwhile: no request, no timer, no signal handler. */
function blockEventLoop(forMs: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, forMs);
}
