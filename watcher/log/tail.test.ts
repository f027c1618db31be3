import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  appendFileSync,
  closeSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { maxLineBytes } from './lines.ts';
import { Tail, type TailOptions } from './tail.ts';

let directory: string;
let path: string;
let lines: string[];
let tooLong: number;
let nowMs: number;
let tail: Tail;

function follow(from: TailOptions['from'] = 'start', chunkBytes?: number): void {
  tail = new Tail({
    path,
    sink: (bytes, start, end) => lines.push(bytes.toString('latin1', start, end)),
    tooLong: () => tooLong++,
    from,
    chunkBytes,
  });
}

/** Advances the clock by `afterMs`, steps the tail until it has nothing more to do, and returns the lines. */
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

function copyAndTruncate(): void {
  for (const number of [3, 2, 1])
    if (exists(`${path}.${number}`)) renameSync(`${path}.${number}`, `${path}.${number + 1}`);
  copyFileSync(path, `${path}.1`);
  truncateSync(path);
}

/** Continues as a new process does, from the position that the last one saved. Returns the lines read. */
function restart(whileDown: () => void): string[] {
  const { resumePoint } = tail;
  const atMs = Date.now();
  tail.close();
  whileDown();
  follow(typeof resumePoint === 'string' ? resumePoint : { position: JSON.parse(JSON.stringify(resumePoint)), atMs });
  return [...read(), ...read(300), ...read(300), ...read(300)];
}

/** A line of the log, unique by its number. */
const line = (number: number) => `${number} ${'x'.repeat(200)}`;
const write = (...numbers: number[]) => appendFileSync(path, numbers.map((number) => `${line(number)}\n`).join(''));
const numbersOf = (found: readonly string[]) => found.map((text) => Number.parseInt(text, 10));

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
  it('starts at the end of an existing log, and skips a half-written line', () => {
    writeFileSync(path, 'old\nhalf');
    follow('end');
    expect(read()).toEqual([]);
    appendFileSync(path, ' of it\nnew\n');
    expect(read()).toEqual(['new']);
  });

  it('waits for a missing log, and reads it from its start when it appears', () => {
    follow('end');
    expect(read()).toEqual([]);
    expect(tail.state).toBe('waiting');
    writeFileSync(path, 'first\n');
    expect(read()).toEqual(['first']);
    expect(tail.state).toBe('reading');
  });

  it('keeps a partial line until its newline arrives', () => {
    follow();
    writeFileSync(path, 'one\ntw');
    expect(read()).toEqual(['one']);
    appendFileSync(path, 'o');
    expect(read()).toEqual([]);
    appendFileSync(path, '\n\nthree\r\n');
    expect(read()).toEqual(['two', '', 'three']);
  });

  it.each([1, 2, 3, 7, 64])('reads the same lines in chunks of %i bytes', (chunkBytes) => {
    follow('start', chunkBytes);
    writeFileSync(path, 'one\r\n\ntwo\nthree and four\n\nfive\nsix');
    expect(read()).toEqual(['one', '', 'two', 'three and four', '', 'five']);
  });

  it('passes on NUL bytes and invalid UTF-8 unchanged', () => {
    follow();
    writeFileSync(path, Buffer.from([0, 0, 0x0a, 0xc3, 0x28, 0xff, 0x0a, 0x61, 0x0a]));
    expect(read()).toEqual(['\0\0', '\u00c3(\u00ff', 'a']);
  });

  it.each([256, 4_096, 1_000_000])('skips and counts a line that is too long (chunks of %i bytes)', (chunkBytes) => {
    follow('start', chunkBytes);
    const longest = 'x'.repeat(maxLineBytes);
    writeFileSync(path, `a\n${longest}x\nb\n${longest}\n${'y'.repeat(5 * maxLineBytes)}`);
    expect(read()).toEqual(['a', 'b', longest]);
    expect(tooLong).toBe(2);
    appendFileSync(path, 'y\nc\n');
    expect(read()).toEqual(['c']);
    expect(tooLong).toBe(2);
  });

  it('has its position at the end of the last complete line', () => {
    follow();
    writeFileSync(path, 'one\ntwo');
    read();
    const { dev, ino } = statSync(path);
    const fingerprintOf = (text: string) => ({
      bytes: text.length,
      sha256: createHash('sha256').update(text).digest('hex'),
    });
    const head = fingerprintOf('one\ntwo');
    expect(tail.position).toEqual({
      dev: String(dev),
      ino: String(ino),
      offset: 4,
      head,
      mark: fingerprintOf('one\n'),
    });
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

  it('waits for a worker that still writes to the old log for a moment', () => {
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

  it('waits for that worker even if nothing was written for a minute before', () => {
    follow();
    writeFileSync(path, 'a\n');
    const early = new Date(Date.now() - 60_000);
    utimesSync(path, early, early);
    nowMs = Date.now();
    read();
    const late = openSync(path, 'a');
    rotate();
    writeFileSync(path, 'new\n');
    expect(read()).toEqual([]);
    writeSync(late, 'late\n');
    closeSync(late);
    expect([...read(), ...read(300)]).toEqual(['late', 'new']);
  });

  it('does not wait for an old log that was last written more than a second ago', () => {
    follow();
    writeFileSync(path, 'a\n');
    read();
    rotate();
    writeFileSync(path, 'new\n');
    nowMs = Date.now() + 2_000;
    expect(read()).toEqual(['new']);
  });

  it('does not wait forever for a worker that never stops writing to the old log', () => {
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

  it('keeps reading the old log while there is no new one', () => {
    follow();
    writeFileSync(path, 'a\n');
    read();
    rotate();
    appendFileSync(`${path}.1`, 'b\n');
    expect(read(60_000)).toEqual(['b']);
    expect(tail.state).toBe('reading');
  });

  it.each([2, 3])('loses nothing in %i rotations between two steps', (rotations) => {
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

  it('loses nothing if the log is rotated again while the old one is still being drained', () => {
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

  it('counts a gap if the log being read was rotated away between two steps', () => {
    follow();
    write(1);
    read();
    rotate();
    write(2);
    rotate();
    write(3);
    rmSync(`${path}.2`);
    const late = new Date(Date.now() + 1_000);
    utimesSync(`${path}.1`, late, late);
    expect(numbersOf([...read(), ...read(300), ...read(300)])).toEqual([2, 3]);
    expect([tail.gaps, tail.lastGap]).toEqual([1, 'gone']);
  });

  it('reads a log that was deleted and recreated', () => {
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
  it('starts over, without the earlier partial line', () => {
    follow();
    writeFileSync(path, 'one\ntwo\nhalf');
    read();
    truncateSync(path);
    appendFileSync(path, 'new\n');
    expect(read()).toEqual(['new']);
    expect(tail.truncations).toBe(1);
  });
});

describe('truncation that the size does not show', () => {
  it.each([
    ['beyond the old offset', [3, 4, 5, 6]],
    ['to exactly the same size', [3, 4]],
    ['to a smaller size', [3]],
  ])('is detected when the log has grown again %s', (_, numbers) => {
    follow();
    write(1, 2);
    expect(numbersOf(read())).toEqual([1, 2]);
    truncateSync(path);
    write(...numbers);
    expect(numbersOf(read())).toEqual(numbers);
    expect(tail.truncations).toBe(1);
  });

  it('is detected in the middle of a backlog', () => {
    follow('start', 256);
    write(1, 2, 3, 4, 5, 6);
    tail.step(nowMs);
    expect(numbersOf(lines.splice(0))).toEqual([1]);
    truncateSync(path);
    write(11, 12, 13, 14, 15, 16, 17, 18);
    expect(numbersOf(read())).toEqual([11, 12, 13, 14, 15, 16, 17, 18]);
  });

  it('is not reported while the log only grows', () => {
    follow();
    for (let number = 1; number <= 40; number++) {
      write(number);
      expect(numbersOf(read())).toEqual([number]);
    }
    expect(tail.truncations).toBe(0);
  });

  it('does not reread what is left of a log that was cut short', () => {
    follow();
    write(1, 2, 3, 4, 5, 6, 7, 8);
    read();
    truncateSync(path, statSync(path).size - 300);
    expect(read()).toEqual([]);
    appendFileSync(path, ' end of the cut line\n');
    write(9);
    expect(numbersOf(read())).toEqual([9]);
    expect(tail.truncations).toBe(1);
  });
});

/** Cuts the log to its first lines, more than a kilobyte, and lets it grow beyond its old size. */
function cutAndRegrow(): void {
  truncateSync(path, `${line(1)}\n`.length * 7);
  write(21, 22, 23, 24, 25, 26);
}

describe('truncation that keeps the first lines of a log, which then grows beyond the reading position', () => {
  beforeEach(() => {
    follow();
    write(1, 2, 3, 4, 5, 6, 7, 8, 9);
    expect(read()).toHaveLength(9);
  });

  // What was written up to the old offset cannot be distinguished from the lines that were read there.
  it('is detected and counted as a gap, and no line is read twice', () => {
    cutAndRegrow();
    expect(numbersOf(read())).toEqual([23, 24, 25, 26]);
    expect(tail.truncations).toBe(1);
    expect(tail.gaps).toBe(1);
    write(27);
    expect(numbersOf(read())).toEqual([27]);
  });

  it('is detected when the log has grown to exactly the same size', () => {
    const { size } = statSync(path);
    truncateSync(path, size - 406);
    write(3, 4);
    expect(statSync(path).size).toBe(size);
    expect(read()).toEqual([]);
    expect(tail.gaps).toBe(1);
  });

  it('loses nothing that was copied before it was read', () => {
    write(11, 12);
    copyFileSync(path, `${path}.1`);
    cutAndRegrow();
    expect(numbersOf([...read(), ...read(300)])).toEqual([11, 12, 23, 24, 25, 26]);
  });

  it('is detected in the middle of a line', () => {
    appendFileSync(path, 'half');
    read();
    cutAndRegrow();
    expect(numbersOf(read())).toEqual([23, 24, 25, 26]);
  });

  it('is detected after a restart', () => {
    appendFileSync(path, 'half');
    read();
    expect(numbersOf(restart(cutAndRegrow))).toEqual([23, 24, 25, 26]);
    expect(tail.gaps).toBe(1);
  });
});

describe('rotation by copying and truncating', () => {
  it('loses nothing that was copied before it was read', () => {
    follow('start', 256);
    write(1, 2, 3, 4, 5);
    tail.step(nowMs);
    copyAndTruncate();
    write(6, 7);
    expect(numbersOf([...read(), ...read(300)])).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it('does not wait if everything had been read', () => {
    follow();
    write(1, 2);
    read();
    copyAndTruncate();
    write(3);
    expect(numbersOf(read())).toEqual([3]);
  });
});

describe('continuing after a restart', () => {
  beforeEach(() => {
    follow();
    write(1, 2, 3);
    expect(numbersOf(read())).toEqual([1, 2, 3]);
  });

  it('reads what was written meanwhile, and no line twice', () => {
    appendFileSync(path, 'half a li');
    expect(read()).toEqual([]);
    const found = restart(() => {
      appendFileSync(path, 'ne\n');
      write(4);
    });
    expect(found).toEqual(['half a line', line(4)]);
    expect(restart(() => {})).toEqual([]);
  });

  it.each([1, 2, 3])('reads all lines in order after %i rotations', (rotations) => {
    const written: number[] = [];
    const found = restart(() => {
      for (let round = 1; round <= rotations; round++) {
        write(10 * round);
        rotate();
        write(10 * round + 1);
        written.push(10 * round, 10 * round + 1);
      }
    });
    expect(numbersOf(found)).toEqual(written);
    expect(tail.gaps).toBe(0);
  });

  it('continues in the rotated log while there is no new one', () => {
    const found = restart(() => {
      write(4);
      rotate();
    });
    expect(numbersOf(found)).toEqual([4]);
    write(5);
    expect(numbersOf([...read(), ...read(300)])).toEqual([5]);
  });

  it.each([1, 2])('continues in the copies after the log was copied and truncated %i times', (times) => {
    const written: number[] = [];
    const found = restart(() => {
      for (let round = 1; round <= times; round++) {
        write(10 * round);
        copyAndTruncate();
        write(10 * round + 1);
        written.push(10 * round, 10 * round + 1);
      }
    });
    expect(numbersOf(found)).toEqual(written);
    expect(tail.gaps).toBe(0);
  });

  it.each([
    ['a smaller', [4]],
    ['a larger', [4, 5, 6, 7, 8, 9]],
  ])('reads a log from its start if it was truncated and has grown again to %s size', (_, numbers) => {
    const found = restart(() => {
      truncateSync(path);
      write(...numbers);
    });
    expect(numbersOf(found)).toEqual(numbers);
  });

  it('reads a log from its start if it was recreated, even with the same inode', () => {
    const { ino } = statSync(path);
    const found = restart(() => {
      // Many file systems give a freed inode to the next file, but not always.
      for (let round = 0; round < 50; round++) {
        rmSync(path);
        write(4, 5, 6, 7);
        if (statSync(path).ino === ino) break;
      }
    });
    expect(numbersOf(found)).toEqual([4, 5, 6, 7]);
    expect(tail.gaps).toBe(1);
  });

  it('counts a gap if the log is gone, and continues with the later logs', () => {
    writeFileSync(`${path}.7`, `${line(0)}\n`);
    const early = new Date(Date.now() - 60_000);
    utimesSync(`${path}.7`, early, early);
    const found = restart(() => {
      write(4);
      rotate();
      write(5);
      rotate();
      write(6);
      rmSync(`${path}.2`);
      const late = new Date(Date.now() + 1_000);
      utimesSync(`${path}.1`, late, late);
    });
    expect(numbersOf(found)).toEqual([5, 6]);
    expect(tail.gaps).toBe(1);
  });

  it('finds the log under another device number, as after a new mount', () => {
    const { resumePoint } = tail;
    if (typeof resumePoint === 'string') throw new Error('no position');
    tail.close();
    write(4);
    follow({ position: { ...resumePoint, dev: '1', ino: '2' }, atMs: Date.now() });
    expect(numbersOf(read())).toEqual([4]);
  });

  it('counts a line that is too long only once', () => {
    appendFileSync(path, 'y'.repeat(2 * maxLineBytes));
    read();
    const found = restart(() => appendFileSync(path, 'y'.repeat(2 * maxLineBytes)));
    expect(found).toEqual([]);
    appendFileSync(path, '\nend\n');
    expect(read()).toEqual(['end']);
    expect(tooLong).toBe(1);
  });

  it('waits for a log that is missing, and keeps its position', () => {
    const away = join(directory, 'elsewhere');
    expect(restart(() => renameSync(path, away))).toEqual([]);
    expect(tail.state).toBe('waiting');
    renameSync(away, path);
    write(4);
    expect(numbersOf(read())).toEqual([4]);
  });

  it('continues at the end of a log that has lost its last lines', () => {
    write(4, 5, 6, 7, 8);
    read();
    restart(() => truncateSync(path, statSync(path).size - 300));
    expect(lines).toEqual([]);
    appendFileSync(path, '\n');
    write(9);
    expect(numbersOf(read())).toEqual([9]);
  });
});

describe('a log that cannot be read', () => {
  it('is a fault while it is not a regular file, and is read once it is one', () => {
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

  it('is a fault while it cannot be opened, and is read once it can be', () => {
    // Not a mode without read permission: root may read anything.
    symlinkSync(path, path);
    follow();
    read();
    expect(tail.fault).toContain('ELOOP');
    rmSync(path);
    writeFileSync(path, 'a\n');
    expect(read()).toEqual(['a']);
  });

  it('is a fault while its directory is not a directory, and is read once it is one', () => {
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

  it('is reopened at the same position after its descriptor has died, as on a network file system', () => {
    follow();
    write(1, 2);
    read();
    closeDescriptorOfLog();
    write(3);
    tail.step(nowMs);
    expect(tail.state).toBe('failing');
    expect(tail.fault).toContain('EBADF');
    expect(numbersOf(read())).toEqual([3]);
    expect(tail.fault).toBeUndefined();
  });

  it('loses no later log that was written while it could not be reopened', async () => {
    follow();
    write(1, 2);
    nowMs = Date.now() - 60_000;
    read();
    closeDescriptorOfLog();
    read();
    rmSync(path);
    // Opening a socket fails with ENXIO, like a device that is gone.
    const socket = createServer().listen(path);
    await once(socket, 'listening');
    read(120_000);
    expect(tail.fault).toContain('ENXIO');
    socket.close();
    await once(socket, 'close');
    write(3);
    rotate();
    write(4);
    expect(numbersOf([...read(), ...read(300)])).toEqual([3, 4]);
    expect(tail.gaps).toBe(1);
  });
});

function closeDescriptorOfLog(): void {
  const own = readdirSync('/proc/self/fd').find((number) => linkOf(`/proc/self/fd/${number}`) === path);
  closeSync(Number(own));
}

function linkOf(name: string): string | undefined {
  try {
    return readlinkSync(name);
  } catch {
    return undefined;
  }
}
