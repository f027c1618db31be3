import { afterAll, beforeAll } from 'vitest';
import { describeFailoverProof } from '../failover-proof.ts';
import { describeProve } from '../prove-proof.ts';
import { createStack, type TestStack } from '../stack.ts';

let stack: TestStack;
beforeAll(async () => {
  stack = await createStack('host');
});
afterAll(() => stack.remove());
describeFailoverProof('host', () => stack);
describeProve('host', () => stack, {
  played: ['truncate', 'stranger', 'edge-settings', 'kit-upgrade'],
  notHere: ['network', 'oom'],
});
