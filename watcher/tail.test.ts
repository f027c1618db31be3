import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { maxLineBytes } from './lines.ts';
import { Tail } from './tail.ts';

let directory: string;
let path: string;
let lines: string[];
let tooLong: number;
let nowMs: number;
let tail: Tail;

function follow(from: 'start' | 'end' = 'start', chunkBytes?: number): void {
  tail = new Tail({
    path,
    sink: (text, start, end) => lines.push(text.slice(start, end)),
    tooLong: () => tooLong++,
    from,
    ...(chunkBytes === undefined ? {} : { chunkBytes }),
  });
}

/** Lets the tail do all that it has to do now; time passes only as the test says. */
function read(afterMs = 0): string[] {
  nowMs += afterMs;
  while (tail.step(nowMs)) {}
  return lines.splice(0);
}

function rotate(): void {
  for (const number of [3, 2, 1])
    if (exists(`${path}.${number}`)) renameSync(`${path}.${number}`, `${path}.${number + 1}`);
  renameSync(path, `${path}.1`);
}

function exists(name: string): boolean {
  return statSync(name, { throwIfNoEntry: false }) !== undefined;
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tail-'));
  path = join(directory, 'access.log');
  lines = [];
  tooLong = 0;
  nowMs = 1_000_000;
});

afterEach(() => {
  tail.close();
  rmSync(directory, { recursive: true });
});

describe('following', () => {
  it('begins at the end of a log that is there, and past a line that is half written', () => {
    writeFileSync(path, 'old\nhalf');
    follow('end');
    expect(read()).toEqual([]);
    appendFileSync(path, ' of it\nnew\n');
    expect(read()).toEqual(['new']);
  });

  it('waits for a log that is missing, and reads it from its start when it comes', () => {
    follow('end');
    expect(read()).toEqual([]);
    expect(tail.state).toBe('waiting');
    writeFileSync(path, 'first\n');
    expect(read()).toEqual(['first']);
    expect(tail.state).toBe('reading');
  });

  it('keeps a partial line until its newline comes', () => {
    follow();
    writeFileSync(path, 'one\ntw');
    expect(read()).toEqual(['one']);
    appendFileSync(path, 'o');
    expect(read()).toEqual([]);
    appendFileSync(path, '\n\nthree\r\n');
    expect(read()).toEqual(['two', '', 'three']);
  });

  it.each([1, 2, 3, 7, 64])('reads the same in chunks of %i bytes', (chunkBytes) => {
    follow('start', chunkBytes);
    writeFileSync(path, 'one\r\n\ntwo\nthree and four\n\nfive\nsix');
    expect(read()).toEqual(['one', '', 'two', 'three and four', '', 'five']);
  });

  it('takes NUL bytes and broken UTF-8 as they are', () => {
    follow();
    writeFileSync(path, Buffer.from([0, 0, 0x0a, 0xc3, 0x28, 0xff, 0x0a, 0x61, 0x0a]));
    expect(read()).toEqual(['\0\0', '\u00c3(\u00ff', 'a']);
  });

  it.each([256, 4_096, 1_000_000])(
    'leaves an over-long line out, counts it and goes on (chunks of %i)',
    (chunkBytes) => {
      follow('start', chunkBytes);
      const longest = 'x'.repeat(maxLineBytes);
      writeFileSync(path, `a\n${longest}x\nb\n${longest}\n${'y'.repeat(5 * maxLineBytes)}`);
      expect(read()).toEqual(['a', 'b', longest]);
      expect(tooLong).toBe(2);
      appendFileSync(path, 'y\nc\n');
      expect(read()).toEqual(['c']);
      expect(tooLong).toBe(2);
    },
  );

  it('tells where it stands: at the end of the last whole line', () => {
    follow();
    writeFileSync(path, 'one\ntwo');
    read();
    const { dev, ino } = statSync(path);
    expect(tail.position).toEqual({ dev: String(dev), ino: String(ino), offset: 4 });
    expect(tail.lagBytes()).toBe(0);
    appendFileSync(path, 'x'.repeat(100));
    expect(tail.lagBytes()).toBe(100);
  });
});

describe('rotation by rename', () => {
  it('reads the old log to its end, then the new one from its start', () => {
    follow();
    writeFileSync(path, 'a\n');
    read();
    appendFileSync(path, 'b\n');
    rotate();
    writeFileSync(path, 'c\n');
    expect([...read(), ...read(300)]).toEqual(['b', 'c']);
    appendFileSync(path, 'd\n');
    expect(read()).toEqual(['d']);
    expect(tail.rotations).toBe(1);
  });

  it('waits for a worker that goes on writing to the old log for a moment', () => {
    follow();
    writeFileSync(path, 'a\n');
    read();
    const late = openSync(path, 'a');
    rotate();
    writeFileSync(path, 'new\n');
    expect(read()).toEqual([]);
    writeSync(late, 'late 1\n');
    expect(read(200)).toEqual(['late 1']);
    writeSync(late, 'late 2\n');
    expect(read(200)).toEqual(['late 2']);
    closeSync(late);
    expect(read(240)).toEqual([]);
    expect(read(20)).toEqual(['new']);
  });

  it('does not wait for good for one that never stops', () => {
    follow();
    writeFileSync(path, 'a\n');
    read();
    rotate();
    writeFileSync(path, 'new\n');
    const seen: string[] = [];
    for (let round = 0; round < 60 && !seen.includes('new'); round++) {
      appendFileSync(`${path}.1`, 'late\n');
      seen.push(...read(100));
    }
    expect(seen).toContain('new');
  });

  it('goes on reading the old log while there is no new one', () => {
    follow();
    writeFileSync(path, 'a\n');
    read();
    rotate();
    appendFileSync(`${path}.1`, 'b\n');
    expect(read(60_000)).toEqual(['b']);
    expect(tail.state).toBe('reading');
  });

  it.each([2, 3])('loses nothing in %i rotations between two looks', (rotations) => {
    follow();
    writeFileSync(path, 'start\n');
    read();
    const written: string[] = [];
    for (let round = 0; round < rotations; round++) {
      appendFileSync(path, `old ${round}\n`);
      rotate();
      writeFileSync(path, `new ${round}\n`);
      written.push(`old ${round}`, `new ${round}`);
    }
    const seen = read();
    for (let round = 0; round < rotations; round++) seen.push(...read(300));
    expect(seen).toEqual(written);
  });

  it('loses nothing when the next rotation comes while the last one is still drained', () => {
    follow();
    writeFileSync(path, 'a\n');
    read();
    rotate();
    writeFileSync(path, 'b\n');
    expect(read(10)).toEqual([]);
    rotate();
    writeFileSync(path, 'c\n');
    expect([...read(10), ...read(300), ...read(300)]).toEqual(['b', 'c']);
  });

  it('reads a log that was deleted and made anew', () => {
    follow();
    writeFileSync(path, 'a\n');
    read();
    rmSync(path);
    expect(read()).toEqual([]);
    writeFileSync(path, 'b\n');
    expect([...read(), ...read(300)]).toEqual(['b']);
  });
});

describe('truncation', () => {
  it('begins again at the start, without the partial line from before', () => {
    follow();
    writeFileSync(path, 'one\ntwo\nhalf');
    read();
    truncateSync(path);
    appendFileSync(path, 'new\n');
    expect(read()).toEqual(['new']);
    expect(tail.truncations).toBe(1);
  });
});

describe('a log that cannot be read', () => {
  it('is a fault while it is no regular file, and read once it is one', () => {
    execFileSync('mkfifo', [path]);
    follow();
    expect(read()).toEqual([]);
    expect(tail.state).toBe('failing');
    expect(tail.fault).toContain('not a regular file');
    rmSync(path);
    writeFileSync(path, 'a\n');
    expect(read()).toEqual(['a']);
    expect(tail.fault).toBeUndefined();
  });

  it('is a fault while it is a directory', () => {
    mkdirSync(path);
    follow();
    read();
    expect(tail.state).toBe('failing');
    expect(tail.fault).toContain('not a regular file');
  });

  it('is a fault while it cannot be opened, and read once it can', () => {
    // Not a mode that forbids reading: root may read anything.
    symlinkSync(path, path);
    follow();
    read();
    expect(tail.fault).toContain('ELOOP');
    rmSync(path);
    writeFileSync(path, 'a\n');
    expect(read()).toEqual(['a']);
  });

  it('is a fault while its folder is something else, and read once it is there', () => {
    path = join(directory, 'logs', 'access.log');
    writeFileSync(join(directory, 'logs'), '');
    follow();
    read();
    expect(tail.state).toBe('failing');
    expect(tail.fault).toContain('ENOTDIR');
    rmSync(join(directory, 'logs'));
    mkdirSync(join(directory, 'logs'));
    writeFileSync(path, 'a\n');
    expect(read()).toEqual(['a']);
  });
});
