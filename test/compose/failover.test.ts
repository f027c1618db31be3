import { afterAll, beforeAll } from 'vitest';
import { describeFailoverProof } from '../failover-proof.ts';
import { createStack, type TestStack } from '../stack.ts';

let stack: TestStack;
beforeAll(async () => {
  stack = await createStack('compose');
});
afterAll(() => stack.remove());
describeFailoverProof('compose', () => stack);
