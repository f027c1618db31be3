import { afterAll, beforeAll } from 'vitest';
import { describeProve } from '../prove-proof.ts';
import { createStack, type TestStack } from '../stack.ts';

let stack: TestStack;
beforeAll(async () => {
  stack = await createStack('host');
});
afterAll(() => stack.remove());
describeProve('host', () => stack, { played: ['truncate'], notHere: ['network', 'oom'] });
