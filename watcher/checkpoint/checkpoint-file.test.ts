import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** What Node traces at the start and the end of a file system call. */
interface TraceEvent {
  readonly cat: string;
  readonly ph: 'b' | 'e';
  readonly name: string;
  readonly args: { readonly path?: string; readonly old_path?: string; readonly result?: number };
}

const program = `
  import { CheckpointFile } from '${join(import.meta.dirname, 'checkpoint-file.ts')}';
  await new CheckpointFile(process.argv[1]).save({ hello: 'world' });
`;

describe('a checkpoint', () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'checkpoint-file-'));
    mkdirSync(join(directory, 'state'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  /** The file system calls of a process that saves one checkpoint, in order. */
  async function calls(): Promise<string[]> {
    const trace = join(directory, 'trace.json');
    const tracing = ['--trace-event-categories', 'node.fs.async', '--trace-event-file-pattern', trace];
    await execa(process.execPath, [...tracing, '--input-type=module', '-e', program, join(directory, 'state')]);
    const { traceEvents } = JSON.parse(readFileSync(trace, 'utf8')) as { traceEvents: TraceEvent[] };
    const events = traceEvents.filter(({ cat }) => cat.includes('node.fs'));
    for (const { ph, args } of events) if (ph === 'e') expect(args.result).toBeGreaterThanOrEqual(0);
    return events
      .filter(({ ph }) => ph === 'b')
      .map(({ name, args: { path = '', old_path = path } }) => `${name} ${basename(old_path)}`.trimEnd());
  }

  it('is synced before it replaces the last one, and its directory after that, so that a power loss leaves one of the two', async () => {
    expect(await calls()).toEqual([
      'open checkpoint.json.tmp',
      'write',
      'fsync',
      'close',
      'rename checkpoint.json.tmp',
      'open state',
      'fsync',
      'close',
    ]);
  });
});
