import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Header } from 'tar';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pack, partsIn, unpack } from './archive.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'archive-'));
  mkdirSync(join(directory, 'into'));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

const into = () => join(directory, 'into');
const everything = () => (readdirSync(directory, { recursive: true }) as string[]).sort();

interface HostileEntry {
  readonly path: string;
  readonly type?: 'File' | 'Directory' | 'SymbolicLink' | 'Link' | 'FIFO' | 'BlockDevice';
  readonly linkpath?: string;
  readonly content?: string;
}

/** An archive that no tar program would make. */
function archiveOf(...entries: HostileEntry[]): string {
  const blocks = entries.flatMap(({ path, type = 'File', linkpath, content = '' }) => {
    const header = new Header({ path, type, size: content.length, mode: 0o644, ...(linkpath ? { linkpath } : {}) });
    const block = Buffer.alloc(512);
    header.encode(block, 0);
    const body = Buffer.alloc(Math.ceil(content.length / 512) * 512);
    body.write(content);
    return [block, body];
  });
  const file = join(directory, 'hostile.tar.gz');
  writeFileSync(file, gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)])));
  return file;
}

describe('an archive', () => {
  it('is for this account only, and unpacks to what was packed', async () => {
    const from = join(directory, 'from');
    mkdirSync(join(from, 'control'), { recursive: true });
    mkdirSync(join(from, 'watcher'));
    writeFileSync(join(from, 'manifest.json'), '{}');
    writeFileSync(join(from, '.env'), 'PORT=3000\n');
    writeFileSync(join(from, 'control/journal.jsonl'), 'a\nb\n');
    expect(partsIn(from)).toEqual(['.env', 'control']);
    const file = join(directory, 'backup.tar.gz');
    await pack(from, partsIn(from), file);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(await unpack(file, into())).toEqual([]);
    expect(partsIn(into())).toEqual(['.env', 'control']);
    expect(readFileSync(join(into(), 'control/journal.jsonl'), 'utf8')).toBe('a\nb\n');
  });

  it('leaves nothing behind if it cannot be written', async () => {
    await expect(pack(into(), ['.env'], join(directory, 'backup.tar.gz'))).rejects.toThrow('cannot write');
    expect(everything()).toEqual(['into']);
  });

  it.each<[string, HostileEntry[]]>([
    ['an absolute path', [{ path: '/control/x' }]],
    ['a path that leaves the directory', [{ path: '../x' }]],
    ['a path that leaves it later', [{ path: 'control/../../x' }]],
    ['a path that names nothing', [{ path: 'control//x' }]],
    ['a path of another system', [{ path: 'control\\..\\..\\x' }]],
    ['a path with a line break', [{ path: 'control/a\nb' }]],
    ['an unknown part', [{ path: 'log/access.log' }]],
    ['a file of the checkout', [{ path: 'entrypoint.sh' }]],
    ['a file in place of a directory', [{ path: 'control' }]],
    ['a directory in place of a file', [{ path: '.env', type: 'Directory' }]],
    ['something below a file', [{ path: '.env/x' }]],
    ['a symbolic link', [{ path: 'control/x', type: 'SymbolicLink', linkpath: '/etc' }]],
    ['a hard link', [{ path: 'control/x', type: 'Link', linkpath: '../hostile.tar.gz' }]],
    ['a pipe', [{ path: 'control/x', type: 'FIFO' }]],
    ['a device', [{ path: 'control/x', type: 'BlockDevice' }]],
  ])('with %s is refused, and only the rest is unpacked', async (_, entries) => {
    const faults = await unpack(archiveOf(...entries, { path: '.env', content: 'A=1\n' }), into());
    expect(faults).toHaveLength(1);
    expect(everything()).toEqual(['hostile.tar.gz', 'into', 'into/.env']);
  });

  it('writes nothing through a link', async () => {
    const file = archiveOf(
      { path: 'control/', type: 'Directory' },
      { path: 'control/out', type: 'SymbolicLink', linkpath: '../..' },
      { path: 'control/out/written', content: 'x' },
    );
    await unpack(file, into()).catch(() => undefined);
    expect(everything()).not.toContain('written');
  });

  it.each([
    ['no archive', 'not an archive, but long enough to be one '.repeat(40)],
    ['nothing', ''],
  ])('that is %s is refused', async (_, content) => {
    const file = join(directory, 'text');
    writeFileSync(file, content);
    await expect(unpack(file, into())).rejects.toThrow('cannot be unpacked');
  });

  it('that breaks off is refused', async () => {
    const file = archiveOf({ path: '.env', content: 'A=1\n'.repeat(10_000) });
    writeFileSync(file, readFileSync(file).subarray(0, -20));
    await expect(unpack(file, into())).rejects.toThrow('cannot be unpacked');
  });

  it('leaves out half-written files, and flags that the prober and the edge set at their start', async () => {
    const kept = ['control/active.green', 'control/journal.jsonl'];
    const others = ['control/blue.down', 'control/both.up', 'control/plain.green', 'watcher/checkpoint.json.tmp'];
    await unpack(archiveOf(...[...kept, ...others].map((path) => ({ path }))), into());
    expect(everything().filter((path) => path.startsWith('into/control/'))).toEqual(kept.map((path) => `into/${path}`));
  });
});
