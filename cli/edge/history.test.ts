import { describe, expect, it } from 'vitest';
import { readJournal } from '../../journal/record.ts';
import { historyOf } from './history.ts';

let atMs = 0;
const journal = (...records: object[]) =>
  readJournal(records.map((one) => JSON.stringify({ id: `r${++atMs}`, atMs, actor: 'alice', ...one })).join('\n'));
const started = { kind: 'deploy-started', deploy: 'd1', pool: 'green', release: '1.2', image: 'app:1.2', untilMs: 9 };
const switched = { kind: 'switch', from: 'blue', to: 'green', release: '1.2', reason: 'deploy', deploy: 'd1' };

describe('the history', () => {
  it.each([
    [
      [{ kind: 'deploy-finished', switched: true, bake: { lastedMs: 30_000, requests: 200, failed: 1 } }],
      'active; 200 requests in 30 s, 0.50% failed',
    ],
    [[{ kind: 'deploy-finished', switched: false }], 'ready on green'],
    [
      [{ kind: 'deploy-failed', step: 'health', why: 'status 500\nand more', rolledBack: false, wasUsed: false }],
      'failed at health: status 500',
    ],
    [
      [switched, { kind: 'deploy-failed', step: 'bake', why: '3 of 50', rolledBack: true, wasUsed: true }],
      'rolled back: 3 of 50',
    ],
    [
      [
        switched,
        {
          kind: 'deploy-failed',
          step: 'bake',
          why: '3 of 50',
          rolledBack: false,
          wasUsed: true,
          noWayBack: 'blue is down',
        },
      ],
      'still active, failed at bake: 3 of 50; blue is down',
    ],
    [[switched, { kind: 'deploy-finished', switched: true }], 'active, not monitored'],
    [
      [
        { kind: 'canary', percent: 5, release: '1.2' },
        { kind: 'deploy-finished', switched: false },
      ],
      'ready on green',
    ],
    [[switched], 'active, monitoring was not completed'],
    [[], 'not finished'],
  ])('shows a deploy as one entry: %#', (rest, result) => {
    const more = rest.map((one) => ({ deploy: 'd1', pool: 'green', release: '1.2', tookMs: 5, ...one }));
    const entries = historyOf(journal(started, ...more).records);
    expect(entries).toHaveLength(1);
    expect(entries[0]).toMatchObject({
      actor: 'alice',
      what: 'deploy to green',
      release: '1.2',
      image: 'app:1.2',
      result,
    });
  });

  it('shows the other operations', () => {
    const { records, rejected } = journal(
      { kind: 'switch', from: 'blue', to: 'green', release: '1.2', reason: 'switch' },
      { kind: 'switch', from: 'green', to: 'blue', release: '1.1', reason: 'rollback' },
      { kind: 'canary', percent: 5, pool: 'green', release: '1.2' },
      { kind: 'canary', percent: 0, pool: 'green', why: 'enough' },
      { kind: 'maintenance', on: true },
      { kind: 'mute', untilMs: 1_800_000 + atMs + 6 },
      { kind: 'unmute' },
    );
    expect(rejected).toBe(0);
    expect(historyOf(records).map(({ what, result }) => `${what}: ${result}`)).toEqual([
      'switch: blue → green',
      'rollback: green → blue',
      'canary: 5% → green',
      'canary: off: enough',
      'maintenance: on',
      'mute: for 30 min',
      'unmute: ',
    ]);
  });

  it('keeps the longest name that an image can have', () => {
    const image = `registry.example/${'x'.repeat(200)}/shop:${'t'.repeat(128)}@sha256:${'0'.repeat(64)}`;
    expect(historyOf(journal({ ...started, image }).records)).toMatchObject([{ image }]);
  });

  it('leaves out records that it cannot parse, and counts them', () => {
    const text = 'x\n{}\n{"id":"a","atMs":1,"actor":"b","kind":"unmute"}\n{"kind":"later"}\n';
    expect(readJournal(text)).toMatchObject({ rejected: 3, records: [{ kind: 'unmute' }] });
  });
});
