import { existsSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Report } from '../../cli/engine/host/state-directory.ts';
import { eventually } from '../condition.ts';
import { startLoad } from '../load.ts';
import type { RunningCommand } from '../running-command.ts';
import { createStack, expectDone, root, type TestStack } from '../stack.ts';
import { Terminal } from '../terminal.ts';

const enter = '\x1b[?1049h';
const leave = '\x1b[?1049l';

let stack: TestStack;
let running: RunningCommand | undefined;

const state = () => join(root, '.bluegreen/stacks', stack.prefix);
const pidOf = (name: string): number => {
  const report: Report = JSON.parse(readFileSync(join(state(), 'report.json'), 'utf8'));
  return report.services.find((service) => service.name === name)?.process?.pid ?? 0;
};
const command = () => ['./bluegreen', '--engine', 'host', '--env-file', stack.envFile, 'watch'];
const lines = () => running?.output().trimEnd().split('\n') ?? [];

/** Expects no terminal control characters. */
function expectPlain(text: string | undefined): void {
  for (const character of ['\x1b', '\x9b', '\x07', '\u202e']) expect(text).not.toContain(character);
}

/** A high error rate ends 30 s after the last failed request. */
const calmDeadlineMs = 60_000;

/**
 * Waits until nothing of an earlier test is in progress. A failover only ends when a request shows the recovery, and a
 * high error rate only when enough requests have succeeded since.
 */
async function calm(): Promise<void> {
  await eventually(
    'the stack to be calm',
    async () => {
      await Promise.all(Array.from({ length: 50 }, () => stack.ask()));
      const { story } = JSON.parse(expectDone(await stack.bluegreen('status', '--json')).stdout);
      expect(story).toEqual([expect.objectContaining({ tone: 'good' })]);
      return true;
    },
    calmDeadlineMs,
  );
}

async function begin(): Promise<RunningCommand> {
  await calm();
  running = stack.start('watch');
  await running.says(/status .* stands by/);
  return running;
}

beforeAll(async () => {
  stack = await createStack('host', { ALERT_COOLDOWN_SEC: '1', BLUEGREEN_ACTOR: 'alice' });
  expectDone(await stack.bluegreen('up'));
});

afterEach(async () => {
  running?.interrupt();
  await running?.exitCode;
  running = undefined;
});

afterAll(() => stack.remove());

describe('./bluegreen watch, piped', () => {
  it('prints a failover, its recovery and a switch in order, on one plain line each', async () => {
    const { says } = await begin();
    const load = startLoad(`${stack.url}/version`, 4);
    expectDone(await stack.bluegreen('chaos', 'blue', 'error'));
    await says(/failover +blue → green: green answers in its place \(incident [\d-]+\)/);
    await says(/flag +blue is marked down by its health checks/);
    expectDone(await stack.bluegreen('chaos', 'blue', 'stop'));
    await says(/flag +blue passes its health checks again/);
    await says(/recovery +resolved after .* \(incident [\d-]+\)/);
    expectDone(await stack.bluegreen('switch', 'green'));
    await says(/switch +blue → green \(green-release-1\.0\.0\) by alice/);
    expectDone(await stack.bluegreen('switch', 'blue'));
    await says(/switch +green → blue/);
    await load.stop();
    for (const line of lines()) expect(line).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}[a-z-]+ +\S/);
    expectPlain(running?.output());
    for (const what of ['failover', 'recovery'])
      expect(lines().filter((line) => line.includes(`  ${what} `))).toHaveLength(1);
    const times = lines().map((line) => line.slice(0, 19));
    expect(times).toEqual(times.toSorted());
  });

  it('survives a restart of the watcher, and prints when it is unreachable and back', async () => {
    const { says } = await begin();
    const pid = pidOf('alert_watcher');
    process.kill(pid, 'SIGSTOP');
    await says(/watcher +cannot be reached: no alert would be sent/);
    process.kill(pid, 'SIGCONT');
    await says(/watcher +answers again/);
    process.kill(pid, 'SIGKILL');
    await says(/service +alert_watcher (is running again|was restarted)/);
  });

  it('survives a restart of the edge, and of the whole stack', async () => {
    const { says } = await begin();
    const group = -pidOf('nginx_proxy');
    process.kill(group, 'SIGSTOP');
    await says(/edge +cannot be reached: /);
    process.kill(group, 'SIGCONT');
    await says(/edge +answers again/);
    expectDone(await stack.bluegreen('down'));
    await says(/edge +cannot be reached(.|\n)*edge +cannot be reached/);
    expectDone(await stack.bluegreen('up'));
    await says(/edge +answers again(.|\n)*edge +answers again/);
  });

  it('prints no terminal control characters from the journal', async () => {
    const { says } = await begin();
    const evil = { id: 'evil-1', atMs: Date.now(), actor: 'mal\u001b[2Jlory\u009b31m\u202e', kind: 'unmute' };
    writeFileSync(join(state(), 'control/journal.jsonl'), `${JSON.stringify(evil)}\n`, { flag: 'a' });
    await says(/mute +unmuted by mal \[2Jlory 31m$/m);
    expectPlain(running?.output());
    expectPlain((await stack.bluegreen('status')).stdout);
  });

  it('shows a flag that was changed by hand', async () => {
    const { says } = await begin();
    const flag = join(state(), 'control/active.green');
    writeFileSync(flag, '');
    await says(/switch +blue → green; the flag was changed by hand/);
    unlinkSync(flag);
    await says(/switch +green → blue/);
  });

  it('exits cleanly on Ctrl-C, and when the reader closes the pipe', async () => {
    const { interrupt, exitCode } = await begin();
    interrupt();
    expect(await exitCode).toBe(0);
    const read = stack.run('sh', '-c', `${command().join(' ')} | sed -u -n -e '1w ${stack.envFile}.read' -e 1q`);
    await eventually('the first line to be read', () => existsSync(`${stack.envFile}.read`));
    expectDone(await stack.bluegreen('mute', '1m'));
    expectDone(await stack.bluegreen('unmute'));
    const { exitCode: piped, stderr } = await read;
    expect([piped, stderr]).toEqual([0, '']);
  });

  it('says what to do if the stack is not running', async () => {
    const other = await createStack('host', { STACK_PREFIX: `${stack.prefix}other-` });
    expect(await other.bluegreen('watch')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('Next: ./bluegreen up'),
    });
    await other.remove();
  });
});

describe('./bluegreen watch in a terminal', () => {
  let terminal: Terminal;
  const open = (env: NodeJS.ProcessEnv = {}) => {
    terminal = new Terminal(command(), stack.envFile, { PATH: process.env.PATH, HOME: process.env.HOME, ...env });
  };

  afterEach(() => terminal.close());

  beforeEach(calm);

  it('keeps one screen up to date, and restores the terminal on Ctrl-C', async () => {
    open();
    await terminal.shows(/^blue is active and serves blue-release-1\.0\.0; green stands by\n/);
    await terminal.shows(/POOL +ROLE +RELEASE +HEALTH +REQ\/S +FAILED\nblue +active/);
    expectDone(await stack.bluegreen('switch', 'green'));
    await terminal.shows(/^green is active/);
    const screen = await terminal.shows(
      /\d\d:\d\d:\d\d {2}switch +blue → green \(green-release-1\.0\.0\) by alice\n?$/,
    );
    expect(screen.split('\n').length).toBeLessThanOrEqual(24);
    expectDone(await stack.bluegreen('switch', 'blue'));
    await terminal.shows(/green → blue/);
    process.kill(terminal.pid, 'SIGINT');
    expect(await terminal.exitCode).toBe(0);
    expect(terminal.written.trimStart().startsWith(enter)).toBe(true);
    expect(terminal.written.trimEnd().endsWith(`\x1b[?25h${leave}`)).toBe(true);
    expect(terminal.written.split(enter)).toHaveLength(2);
  });

  it('redraws when the terminal is resized', async () => {
    open();
    await terminal.shows(/stands by/);
    terminal.resize(8, 30);
    const small = await terminal.shows(/^blue is active and serves blu…$/m);
    expect(small.split('\n').length).toBeLessThanOrEqual(8);
    terminal.resize(40, 120);
    await terminal.shows(/green stands by/);
    process.kill(terminal.pid, 'SIGTERM');
    expect(await terminal.exitCode).toBe(0);
    expect(terminal.written.trimEnd().endsWith(leave)).toBe(true);
  });

  it('draws no frame twice, and uses no color under NO_COLOR', async () => {
    open({ NO_COLOR: '1' });
    await terminal.shows(/stands by/);
    expectDone(await stack.bluegreen('mute', '1m'));
    await terminal.shows(/Alerts are muted until/);
    expectDone(await stack.bluegreen('unmute'));
    await terminal.shows(/mute +unmuted by alice/);
    process.kill(terminal.pid, 'SIGHUP');
    await terminal.exitCode;
    for (const sequence of terminal.written.split('\x1b[').slice(1)) expect(sequence).not.toMatch(/^[\d;]*m/);
    const frames = terminal.written.split('\x1b[?2026h').slice(1);
    expect(new Set(frames).size).toBe(frames.length);
  });

  it('restores the terminal while it is suspended', async () => {
    open();
    await terminal.shows(/stands by/);
    const { pid } = terminal;
    process.kill(pid, 'SIGTSTP');
    await eventually('the process to be stopped', () =>
      /^State:\s+T/m.test(readFileSync(`/proc/${pid}/status`, 'utf8')),
    );
    // The terminal delivers the last output a moment later.
    await eventually('the terminal to be restored', () => terminal.written.trimEnd().endsWith(leave));
    terminal.resume();
    await eventually('the screen again', () => terminal.written.split(enter).length === 3);
    await terminal.shows(/stands by/);
    process.kill(pid, 'SIGINT');
    expect(await terminal.exitCode).toBe(0);
  });
});

describe('./bluegreen status', () => {
  it('uses color in a terminal only, and not under NO_COLOR', async () => {
    const status = [...command().slice(0, -1), 'status'];
    const inTerminal = async (env: NodeJS.ProcessEnv = {}) => {
      const terminal = new Terminal(status, stack.envFile, { PATH: process.env.PATH, HOME: process.env.HOME, ...env });
      expect(await terminal.exitCode).toBe(0);
      return terminal.written;
    };
    expect(await inTerminal()).toContain('\x1b[32mblue is active and serves');
    expectPlain(await inTerminal({ NO_COLOR: '1' }));
    expectPlain(expectDone(await stack.bluegreen('status')).stdout);
  });

  it('has the same content as JSON, including the story', async () => {
    await calm();
    const { story, edge, last, lastFew } = JSON.parse(expectDone(await stack.bluegreen('status', '--json')).stdout);
    expect(story).toEqual([{ tone: 'good', text: expect.stringContaining('blue is active and serves') }]);
    expect(edge.active).toBe('blue');
    expect(last === undefined || lastFew.length > 0).toBe(true);
  });
});
