import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { canaryRecord, journalText } from '../../test/journal-records.ts';
import { earlierRecords, Journal } from './journal.ts';

let directory: string;
let journal: Journal;

const path = () => join(directory, 'journal.jsonl');
const at = (atMs: number) => canaryRecord(5, atMs);
const append = (text: string) => appendFileSync(path(), text);
/** Trims the journal as the edge does: a new file takes its name. */
function rewrite(text: string): void {
  writeFileSync(`${path()}.new`, text);
  renameSync(`${path()}.new`, path());
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'journal-'));
  journal = new Journal(directory, { id: '', atMs: 0 });
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('the journal', () => {
  it('returns each record once, in order', () => {
    expect(journal.read()).toEqual([]);
    const [first, second, third] = [at(1), at(2), at(3)];
    append(journalText(first, second));
    expect(journal.read()).toEqual([first, second]);
    expect(journal.read()).toEqual([]);
    append(journalText(third));
    expect(journal.read()).toEqual([third]);
  });

  it('waits for the end of a line that is being written', () => {
    const one = at(1);
    const text = journalText(one);
    append(text.slice(0, 20));
    expect(journal.read()).toEqual([]);
    append(text.slice(20));
    expect(journal.read()).toEqual([one]);
    expect(journal.rejects).toBe(0);
  });

  it('continues by id after it was trimmed, and by time if the last record that was read is gone', () => {
    const [first, second, third, fourth] = [at(1), at(2), at(3), at(4)];
    append(journalText(first, second));
    journal.read();
    rewrite(journalText(second, third));
    expect(journal.read()).toEqual([third]);
    rewrite(journalText(at(3), fourth));
    expect(journal.read()).toEqual([fourth]);
  });

  it('continues after the last record that an earlier watcher read', () => {
    const [first, second] = [at(1), at(2)];
    append(journalText(first, second));
    expect(new Journal(directory, { id: first.id, atMs: 1 }).read()).toEqual([second]);
    expect(earlierRecords(directory)).toEqual([first, second]);
  });

  it('returns records of the same time, and those of a clock that was set back', () => {
    const [first, second, third] = [at(5), at(5), at(1)];
    append(journalText(first));
    journal.read();
    append(journalText(second, third));
    expect(journal.read()).toEqual([second, third]);
  });

  it('skips lines that are not records, and counts each of them once', () => {
    append('garbage\n{"kind":"switch"}\n\n');
    expect(journal.read()).toEqual([]);
    expect(journal.rejects).toBe(2);
    const one = at(1);
    append(`[]\n${journalText(one)}null\n`);
    expect(journal.read()).toEqual([one]);
    expect(journal.rejects).toBe(4);
    append('more\n');
    expect(journal.read()).toEqual([]);
    expect(journal.rejects).toBe(5);
  });

  it('rejects a time that is not a valid date', () => {
    append(journalText(at(8.64e15), at(8.64e15 + 1), at(1e300)));
    expect([journal.read().map(({ atMs }) => atMs), journal.rejects]).toEqual([[8.64e15], 2]);
  });

  it('reads only the end of a file that is too large', () => {
    const one = at(1);
    append(`${'x'.repeat(10_000_000)}\n${journalText(one)}`);
    expect(journal.read()).toEqual([one]);
    append('y'.repeat(10_000_000));
    expect(journal.read()).toEqual([]);
  });

  it('is not blocked by a pipe, and reports it as a fault', () => {
    execFileSync('mkfifo', [path()]);
    expect(journal.read()).toEqual([]);
    expect(journal.fault).toBe('not a regular file');
    rmSync(path());
    const one = at(1);
    append(journalText(one));
    expect(journal.read()).toEqual([one]);
    expect(journal.fault).toBeNull();
  });

  it('may be a directory, or missing with its directory', () => {
    mkdirSync(path());
    expect(journal.read()).toEqual([]);
    expect(journal.fault).not.toBeNull();
    expect(new Journal(join(directory, 'none'), { id: '', atMs: 0 }).read()).toEqual([]);
  });
});
