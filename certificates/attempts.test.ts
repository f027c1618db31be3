import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { AttemptsFile } from './attempts.ts';
import { backoff, type FailureKind } from './backoff.ts';

const minuteMs = 60_000;
const nowMs = Date.UTC(2026, 0, 1);
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'attempts-'));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

const open = (withWhat = 'one CA') => new AttemptsFile(directory, { with: withWhat, backoff });

function pauses(kind: FailureKind, count: number): number[] {
  const file = open();
  return Array.from({ length: count }, () => {
    const { nextAttemptMs } = file.failed('shop.example', { kind, message: kind }, nowMs);
    return (nextAttemptMs - nowMs) / minuteMs;
  });
}

it.each([
  ['refused', [5, 10, 20, 40, 80, 160, 320, 640, 720, 720]],
  ['unreachable', [1, 2, 4, 8, 16, 32, 60, 60]],
  ['local', [1, 2, 4, 8, 10, 10]],
] as const)('after failures that are %s, the pauses in minutes are %j', (kind, expected) => {
  expect(pauses(kind, expected.length)).toEqual(expected);
});

it('a failure of another kind has pauses of its own', () => {
  const file = open();
  for (let count = 0; count < 3; count += 1) file.failed('shop.example', { kind: 'unreachable', message: '' }, nowMs);
  const refused = file.failed('shop.example', { kind: 'refused', message: 'no' }, nowMs);
  expect(refused).toMatchObject({ failures: 4, nextAttemptMs: nowMs + 5 * minuteMs, lastError: 'no' });
  expect(file.failed('shop.example', { kind: 'local', message: '' }, nowMs).nextAttemptMs).toBe(nowMs + minuteMs);
  const again = file.failed('shop.example', { kind: 'refused', message: 'no' }, nowMs);
  expect(again).toMatchObject({ failures: 6, nextAttemptMs: nowMs + 10 * minuteMs, localInRow: 0 });
});

it('a CA that says when to come back is not asked before', () => {
  const retryAtMs = nowMs + 100 * minuteMs;
  const attempts = open().failed('shop.example', { kind: 'refused', message: '', retryAtMs }, nowMs);
  expect(attempts.nextAttemptMs).toBe(retryAtMs);
});

it('outlives a restart, but not a change of the CA, and ends with a success', () => {
  const attempts = open().failed('shop.example', { kind: 'refused', message: 'no' }, nowMs);
  expect(open().of('shop.example')).toEqual(attempts);
  expect(open('another CA').of('shop.example')).toBeUndefined();
  const again = open();
  again.succeeded('shop.example');
  expect(open().of('shop.example')).toBeUndefined();
});

it.each(['', '{', '{"with":"one CA","domains":{"shop.example":{"failures":"many"}}}'])(
  'a file with %j counts as empty',
  (text) => {
    const file = open();
    writeFileSync(file.path, text);
    expect(open().of('shop.example')).toBeUndefined();
    expect(file.failed('shop.example', { kind: 'local', message: '' }, nowMs).failures).toBe(1);
  },
);
