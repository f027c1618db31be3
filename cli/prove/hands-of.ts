import type { Engine } from '../engine/engine.ts';
import type { Stack } from '../stack/stack.ts';
import { composeHands } from './compose-hands.ts';
import type { Hands } from './hands.ts';
import { hostHands } from './host-hands.ts';

export function handsOf(stack: Stack, engine: Engine): Hands {
  return engine.name === 'compose' ? composeHands(stack) : hostHands(stack, engine);
}
