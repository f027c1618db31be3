import { describe, expect, it } from 'vitest';
import { errorRate, failover as sampleFailover } from '../../test/sample-alerts.ts';
import type { Failover, Recovery } from '../alerts/alert.ts';
import { type OutboxEntry, Queue } from './queue.ts';

const atMs = Date.UTC(2025, 10, 23, 14, 5);
const failover = (incident: string): Failover => ({ ...sampleFailover, incident });
const recovery = (incident: string): Recovery => ({
  kind: 'recovery',
  incident,
  atMs,
  pool: 'blue',
  standby: 'green',
  lastedMs: 9,
  served: 1,
});
const waited = (incident: string, forMs: number): OutboxEntry => ({
  alert: failover(incident),
  queuedAtMs: Date.now() - forMs,
});
const texts = (queue: Queue) =>
  queue.entries.map(({ alert, end }) => `${alert.incident}${end === undefined ? '' : ' and its end'}`);
const headOf = (queue: Queue) => {
  if (queue.head === undefined) throw new Error('nothing waits');
  return queue.head;
};

describe('the queue of a channel', () => {
  it('merges an end with its beginning, and returns that it did', () => {
    const queue = new Queue(9, []);
    expect([queue.push(failover('a')), queue.push(failover('b')), queue.push(recovery('a'))]).toEqual([
      false,
      false,
      true,
    ]);
    expect(texts(queue)).toEqual(['a and its end', 'b']);
  });

  it('does not merge a second end of the same incident', () => {
    const queue = new Queue(9, []);
    for (const alert of [failover('a'), recovery('a'), recovery('a')]) queue.push(alert);
    expect(texts(queue)).toEqual(['a and its end', 'a']);
  });

  it('does not merge an end with a beginning that is in flight', () => {
    const queue = new Queue(9, []);
    queue.push(failover('a'));
    headOf(queue).inFlight = true;
    expect(queue.push(recovery('a'))).toBe(false);
    expect(texts(queue)).toEqual(['a', 'a']);
  });

  it('merges the first message with its end once an attempt at the first has failed', () => {
    const queue = new Queue(9, []);
    queue.push(failover('a'));
    headOf(queue).inFlight = true;
    for (const alert of [failover('b'), recovery('a')]) queue.push(alert);
    expect(queue.mergeHead()).toBe(true);
    expect(texts(queue)).toEqual(['a and its end', 'b']);
    expect(queue.mergeHead()).toBe(false);
    expect(texts(queue)).toEqual(['a and its end', 'b']);
  });

  it('merges nothing if nothing waits, or no end of the first', () => {
    const queue = new Queue(9, []);
    expect(queue.mergeHead()).toBe(false);
    for (const alert of [failover('a'), recovery('b')]) queue.push(alert);
    expect(queue.mergeHead()).toBe(false);
  });

  it('has a merged message on disk if both parts were', () => {
    const both = new Queue(9, [waited('a', 0), { alert: recovery('a'), queuedAtMs: Date.now() }]);
    both.mergeHead();
    expect(headOf(both).durable).toBe(true);
    const beginningAlone = new Queue(9, [waited('a', 0)]);
    headOf(beginningAlone).inFlight = true;
    beginningAlone.push(recovery('a'));
    beginningAlone.mergeHead();
    expect(headOf(beginningAlone).durable).toBe(false);
    const endAlone = new Queue(9, [waited('a', 0), { alert: recovery('a'), queuedAtMs: Date.now() }]);
    headOf(endAlone).durable = false;
    endAlone.mergeHead();
    expect(headOf(endAlone).durable).toBe(false);
  });

  it('has on disk what it began with, and nothing that was added or changed since', () => {
    const queue = new Queue(9, [waited('a', 0)]);
    expect(headOf(queue).durable).toBe(true);
    queue.push(recovery('a'));
    expect(headOf(queue).durable).toBe(false);
    queue.shift();
    queue.push(failover('b'));
    expect(headOf(queue).durable).toBe(false);
  });

  it('counts the age from when a message was queued, over a restart and a merge', () => {
    const queue = new Queue(9, [waited('a', 60_000)]);
    expect(headOf(queue).ageMs()).toBeGreaterThanOrEqual(60_000);
    queue.push(recovery('a'));
    expect(headOf(queue).ageMs()).toBeGreaterThanOrEqual(60_000);
    queue.shift();
    queue.push(failover('b'));
    expect(headOf(queue).ageMs()).toBeLessThan(30_000);
  });

  it('drops the oldest of too many and all that are too old, both alerts of a message, and nothing in flight', () => {
    const queue = new Queue(2, [waited('a', 90_000), { ...waited('b', 90_000), end: recovery('b') }, waited('c', 0)]);
    for (const incident of ['d', 'e']) queue.push(failover(incident));
    headOf(queue).inFlight = true;
    expect(queue.drop(60_000).map(({ incident }) => incident)).toEqual(['b', 'b', 'c', 'd']);
    expect(texts(queue)).toEqual(['a', 'e']);
    expect(queue.drop(60_000)).toEqual([]);
    headOf(queue).inFlight = false;
    expect(queue.drop(60_000).map(({ incident }) => incident)).toEqual(['a']);
  });

  it('bounds the length of texts and lists', () => {
    const queue = new Queue(9, []);
    const paths = Array.from({ length: 80 }, (_, index) => ({ path: `/${index}${'x'.repeat(2_000)}`, failed: 1 }));
    queue.push({ ...errorRate, worstPaths: paths });
    const { alert } = headOf(queue).entry;
    if (alert.kind !== 'error-rate') throw new Error(alert.kind);
    expect(alert).toMatchObject({ failed: errorRate.failed, samples: errorRate.samples });
    expect(alert.worstPaths).toHaveLength(50);
    expect(alert.worstPaths.every(({ path }) => path.length === 1_000)).toBe(true);
  });
});
