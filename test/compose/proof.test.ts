import { afterAll, beforeAll } from 'vitest';
import { describeFailoverProof } from '../failover-proof.ts';
import { describeProve } from '../prove-proof.ts';
import { createStack, type TestStack } from '../stack.ts';

let stack: TestStack;
beforeAll(async () => {
  stack = await createStack('compose');
});
afterAll(() => stack.remove());
describeFailoverProof('compose', () => stack);
describeProve('compose', () => stack, {
  played: ['network', 'both-dead', 'stranger', 'edge-settings', 'edge-upgrade', 'kit-upgrade'],
  notHere: [],
});
