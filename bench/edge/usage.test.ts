import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { usageOf } from './usage.ts';

const workMs = 800;
/** The most that starting and exiting may cost in addition to the work. */
const overheadMs = 500;

/** A program that uses `workMs` of processor time, prints a line and then runs `next`. */
const work = (next: string) => `
  const takenMs = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1000; };
  while (takenMs() < ${workMs}) for (let count = 0; count < 1e6; count++);
  console.log('done');
  ${next}`;
const stay = 'setInterval(() => {}, 1000);';

/** Starts a command and returns its pid once it has printed the given number of lines. */
async function start(lines: number, command: string, ...args: string[]): Promise<number> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  const pid = child.pid as number;
  onTestFinished(() => {
    process.kill(-pid, 'SIGKILL');
  });
  let printed = 0;
  for await (const _ of createInterface({ input: child.stdout })) if (++printed === lines) break;
  return pid;
}

test('counts the processor time and the memory of a process', async () => {
  const { cpuMs, memoryMb } = usageOf([await start(1, process.execPath, '-e', work(stay))]);
  expect(cpuMs).toBeGreaterThan(workMs - 50);
  expect(cpuMs).toBeLessThan(workMs + overheadMs);
  expect(memoryMb).toBeGreaterThan(5);
});

test('counts its children too, including those that have exited', async () => {
  const both = '"$0" -e "$1"; "$0" -e "$2"; :';
  const { cpuMs } = usageOf([await start(2, '/bin/sh', '-c', both, process.execPath, work(''), work(stay))]);
  expect(cpuMs).toBeGreaterThan(2 * workMs - 50);
  expect(cpuMs).toBeLessThan(2 * (workMs + overheadMs));
});

test('a process that no longer exists has used nothing', () => {
  expect(usageOf([2 ** 22 + 1])).toEqual({ cpuMs: 0, memoryMb: 0 });
});
