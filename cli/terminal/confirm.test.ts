import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { confirm } from './confirm.ts';

describe('a question', () => {
  it.each([
    ['y\r', true],
    ['YES\r', true],
    ['\r', false],
    ['no\r', false],
    ['maybe\r', false],
  ])('is answered yes by y or yes only: %j', async (typed, yes) => {
    expect(await answered(typed)).toBe(yes);
  });

  it.each([
    ['Ctrl-C', '\x03'],
    ['Ctrl-D', '\x04'],
  ])('is answered no by %s', async (_, typed) => {
    expect(await answered(typed)).toBe(false);
  });
});

function answered(typed: string): Promise<boolean> {
  const input = new PassThrough();
  const answer = confirm('Replace?', { input, output: new PassThrough(), terminal: true });
  input.write(typed);
  return answer;
}
