import { styleText } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StandInSite } from '../../test/stand-in-site.ts';
import { history } from '../commands/history.ts';
import { CommandError } from './command-error.ts';
import { explain } from './explain.ts';
import { step } from './steps.ts';
import { print, printJson, progress, table, warning } from './terminal.ts';

const hostile = 'bad\x1b]0;owned\x07\x1b[2J\r\x9b31m\u202e\u{e0041}!';
/** What a terminal would interpret, or what hides text. */
const interpreted = /[^\P{Cc}\n]|\p{Cf}/u;

describe('what is written to a terminal', () => {
  let written: string;
  const capture = (text: string | Uint8Array) => {
    written += text;
    return true;
  };

  beforeEach(() => {
    written = '';
    vi.spyOn(process.stdout, 'write').mockImplementation(capture);
    vi.spyOn(process.stderr, 'write').mockImplementation(capture);
  });
  afterEach(() => vi.restoreAllMocks());

  it.each<[string, () => unknown]>([
    ['a result', () => print(hostile)],
    ['progress', () => progress(hostile)],
    ['a warning', () => warning(hostile)],
    ['a command error', () => explain(new CommandError(hostile, { next: hostile }))],
    ['any other error', () => explain(new Error(hostile))],
    ['a table', () => print(table(['A'], [[hostile]]))],
    ['the result of a step', () => step('smoke', async () => hostile)],
    ['JSON', () => printJson({ hostile })],
  ])('contains nothing that the terminal would interpret: %s', async (_, write) => {
    await write();
    expect(written).toContain('bad');
    expect(written).not.toMatch(interpreted);
  });

  it('keeps our own colors and line breaks', () => {
    const text = `${styleText('red', 'one', { validateStream: false })}\n\ttwo`;
    print(text);
    expect(written).toBe(`${text}\n`);
  });

  it('is the same JSON to a parser', () => {
    printJson({ hostile });
    expect(JSON.parse(written)).toEqual({ hostile });
  });

  it('is one line of history for each deploy, whatever an app has written', async () => {
    const site = await StandInSite.open();
    const base = { id: 'r', atMs: 1, actor: 'alice', deploy: 'd', pool: 'green', release: 'v2' } as const;
    site.write(
      { ...base, kind: 'deploy-started', untilMs: 2 },
      { ...base, kind: 'deploy-failed', step: 'smoke', why: hostile, rolledBack: false, wasUsed: false, tookMs: 1 },
    );
    await history(site.engine, { json: false, lines: 10 });
    site.close();
    expect(written).not.toMatch(interpreted);
    expect(written.trimEnd().split('\n')).toHaveLength(2);
  });
});
