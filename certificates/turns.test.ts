import { expect, it } from 'vitest';
import { Turns } from './turns.ts';

it('lets only so many run at a time, in their order, also when the limit rises and when one fails', async () => {
  let limit = 1;
  let running = 0;
  let most = 0;
  const order: number[] = [];
  const turns = new Turns(() => limit);
  const task = (index: number) =>
    turns.take(async () => {
      order.push(index);
      running += 1;
      most = Math.max(most, running);
      await Promise.resolve();
      running -= 1;
      if (index === 0) throw new Error('failed');
      if (index === 1) {
        expect(most).toBe(1);
        limit = 3;
      }
    });
  const results = await Promise.allSettled([0, 1, 2, 3, 4, 5, 6].map(task));
  expect(results.map(({ status }) => status)).toEqual(['rejected', ...Array(6).fill('fulfilled')]);
  expect(order).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(most).toBe(3);
});
