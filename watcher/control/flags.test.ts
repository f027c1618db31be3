import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ControlDirectory } from './flags.ts';

let directory: string;
let control: ControlDirectory;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'control-'));
  control = new ControlDirectory(directory);
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

function put(name: string, content = ''): void {
  writeFileSync(join(directory, name), content);
}

describe('the control directory', () => {
  it('has blue active and no pool down if it is empty', () => {
    expect(control.read(1)).toEqual({ active: 'blue', blue: null, green: null });
  });

  it('is null if it is missing', () => {
    expect(new ControlDirectory(join(directory, 'none')).read(1)).toBeNull();
  });

  it('shows which pool is active and which pools are down, since when and why', () => {
    put('active.green');
    put('blue.down', '{"since":1763856000000,"cause":"status 500"}');
    expect(control.read(1)).toEqual({ active: 'green', blue: { seenMs: 1, cause: 'status 500' }, green: null });
    expect(control.read(2)?.blue?.seenMs).toBe(1);
    rmSync(join(directory, 'blue.down'));
    expect(control.read(3)?.blue).toBeNull();
    put('blue.down', '{"cause":"refused"}');
    expect(control.read(4)?.blue).toEqual({ seenMs: 4, cause: 'refused' });
  });

  it('shows no pool as down since a later time than now, even after the clock was set back', () => {
    put('blue.down', '{"cause":"refused"}');
    expect(control.read(3_600_000)?.blue?.seenMs).toBe(3_600_000);
    expect(control.read(1_000)?.blue).toEqual({ seenMs: 1_000, cause: 'refused' });
    expect(control.read(2_000)?.blue?.seenMs).toBe(1_000);
  });

  it('shows whether visitors get the maintenance page, and what percentage of them is sent to the standby', () => {
    expect(control.canaryPercent('blue')).toBe(0);
    put('maintenance');
    for (const name of ['canary.blue', 'canary.blue.00', 'canary.blue.01', 'canary.green.00']) put(name);
    expect(control.read(1)).toEqual({ active: 'blue', blue: null, green: null, maintenance: true });
    expect([control.canaryPercent('blue'), control.canaryPercent('green')]).toEqual([2, 0]);
    rmSync(join(directory, 'maintenance'));
    expect(control.read(2)).toEqual({ active: 'blue', blue: null, green: null });
  });

  it('shows whether a living prober guards the pools', () => {
    put('prober.alive', 'beat 1');
    expect(control.read(1)).toEqual({ active: 'blue', blue: null, green: null, guarded: true });
    rmSync(join(directory, 'prober.alive'));
    expect(control.read(2)).toEqual({ active: 'blue', blue: null, green: null });
  });

  it('shows whether the machine is overloaded', () => {
    put('overloaded');
    expect(control.read(1)).toEqual({ active: 'blue', blue: null, green: null, overloaded: true });
  });

  it('reads a cause that is written after the file was created', () => {
    put('green.down');
    expect(control.read(1)?.green).toEqual({ seenMs: 1 });
    put('green.down', '{"cause":"timeout"}');
    expect(control.read(2)?.green).toEqual({ seenMs: 1, cause: 'timeout' });
  });

  it.each([
    '',
    'nonsense',
    '{"cause":',
    '[]',
    'null',
    '{"cause":7}',
    '{"cause":"a\\nb"}',
    `{"cause":"${'x'.repeat(61)}"}`,
    `{"cause":"refused"${' '.repeat(600)}}`,
    '\0\0\0',
  ])('accepts a flag whatever it contains: %j', (content) => {
    put('blue.down', content);
    expect(control.read(1)?.blue).toEqual({ seenMs: 1 });
  });

  it('is not blocked by a pipe', () => {
    execFileSync('mkfifo', [join(directory, 'blue.down')]);
    expect(control.read(1)?.blue).toEqual({ seenMs: 1 });
  });
});
