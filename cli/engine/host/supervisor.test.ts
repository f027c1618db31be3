import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { processInfo, signalGroup } from '../../../system/process-info.ts';
import { eventually } from '../../../test/condition.ts';
import { type PlannedService, type StateDirectory, stateDirectory } from './state-directory.ts';

const service: PlannedService = {
  name: 'app_blue',
  command: [process.execPath, '-e', 'setInterval(() => {}, 1e9)'],
  env: {},
  stopSignal: 'SIGTERM',
  wanted: 'running',
};

describe('the supervisor', () => {
  let path: string;
  let state: StateDirectory;
  let supervisor: ChildProcess;
  let stderr: string;

  beforeEach(() => {
    stderr = '';
    path = mkdtempSync(join(tmpdir(), 'bluegreen-supervisor-'));
    state = stateDirectory(path);
    state.create();
    state.plan.write({ revision: 'r1', services: [service] });
  });
  afterEach(async () => {
    supervisor.kill('SIGTERM');
    if (supervisor.exitCode === null && supervisor.signalCode === null) await once(supervisor, 'exit');
    rmSync(path, { recursive: true, force: true });
  });

  const start = () => {
    supervisor = spawn(process.execPath, [join(import.meta.dirname, 'supervisor.ts'), path], {
      stdio: ['ignore', 'inherit', 'pipe'],
    });
    supervisor.stderr?.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
  };
  const running = () => state.report.read()?.services[0]?.process?.pid;
  const newPid = (than?: number) =>
    eventually('the service to run', () => {
      const pid = running();
      return pid !== than && pid !== undefined && processInfo(pid) !== undefined ? pid : undefined;
    });

  it('keeps services running when it cannot write its files, and writes them as soon as it can', async () => {
    start();
    const first = await newPid();
    // As on a full disk: neither the report nor a new log can be written.
    mkdirSync(`${state.report.path}.new`);
    rmSync(state.logOf('app_blue'));
    mkdirSync(state.logOf('app_blue'));
    signalGroup(first, 'SIGKILL');
    await eventually(
      'the errors to be logged',
      () => /cannot write .*report.json/.test(stderr) && /cannot start app_blue/.test(stderr),
    );
    rmSync(state.logOf('app_blue'), { recursive: true });
    rmSync(`${state.report.path}.new`, { recursive: true });
    expect(await newPid(first)).not.toBe(first);
    expect(supervisor.exitCode).toBeNull();
    expect(existsSync(state.logOf('app_blue'))).toBe(true);
  });

  it('replaces a service once for each replacement, whatever later plans contain', async () => {
    start();
    const first = await newPid();
    const follow = async (revision: string, planned: PlannedService) => {
      state.plan.write({ revision, services: [planned] });
      supervisor.kill('SIGHUP');
      await eventually('the plan to be carried out', () => {
        const report = state.report.read();
        return report?.revision === revision && report.services.every(({ changing }) => !changing);
      });
    };
    const replacing: PlannedService = { ...service, replacement: { id: 'a', stopSignal: 'SIGKILL' } };
    await follow('r2', replacing);
    const second = await newPid(first);
    expect(state.report.read()?.services[0]).toMatchObject({ lastEnd: 'SIGKILL', restarts: 0 });
    await follow('r3', replacing);
    await follow('r4', service);
    expect(running()).toBe(second);
    await follow('r5', { ...service, replacement: { id: 'b', stopSignal: 'SIGTERM' } });
    await newPid(second);
    expect(state.report.read()?.services[0]).toMatchObject({ lastEnd: 'SIGTERM', restarts: 0 });
  });

  describe('with a service that is handed over', () => {
    const ready = (answer: boolean) => [process.execPath, '-e', `process.exit(${answer ? 0 : 1})`] as const;
    const version = (name: string, serves = true): PlannedService => ({
      ...service,
      handOver: { version: name, ready: [...ready(serves)] },
    });
    const plan = (revision: string, planned: PlannedService) => {
      state.plan.write({ revision, services: [planned] });
      supervisor.kill('SIGHUP');
    };
    const reported = () => state.report.read()?.services[0];

    beforeEach(() => state.plan.write({ revision: 'r1', services: [version('1')] }));

    it('starts the next process before it stops the last one, which may finish', async () => {
      // Ends at the second SIGTERM.
      const slow =
        "process.once('SIGTERM', () => process.once('SIGTERM', () => process.exit())); setInterval(() => {}, 1e9)";
      state.plan.write({ revision: 'r1', services: [{ ...version('1'), command: [process.execPath, '-e', slow] }] });
      start();
      const first = await newPid();
      plan('r2', version('2'));
      const second = await newPid(first);
      await eventually(
        'the plan to be carried out',
        () => reported()?.version === '2' && reported()?.changing === false,
      );
      expect(reported()?.finishing?.map(({ pid }) => pid)).toEqual([first]);
      process.kill(first, 'SIGTERM');
      await eventually('the last process to end', () => reported()?.finishing?.length === 0);
      expect(running()).toBe(second);
      expect(reported()).toMatchObject({ restarts: 0 });
    });

    it('keeps the last process if the next one does not serve', async () => {
      start();
      const first = await newPid();
      plan('r2', { ...version('2', false), command: [process.execPath, '-e', 'process.exit(7)'] });
      await eventually('the error to be logged', () => /does not serve with the new plan: exit code 7/.test(stderr));
      await eventually('the plan to be given up', () => reported()?.changing === false);
      expect(reported()).toMatchObject({ version: '1', finishing: [], process: { pid: first } });
      expect(processInfo(first)).toBeDefined();
    });

    it('leaves a service alone of which only the settings have changed', async () => {
      start();
      const first = await newPid();
      plan('r2', { ...version('1'), env: { PROXY_READ_TIMEOUT: '4s' } });
      await eventually('the plan to be carried out', () => state.report.read()?.revision === 'r2');
      expect(reported()).toMatchObject({ changing: false, process: { pid: first } });
    });
  });
});
