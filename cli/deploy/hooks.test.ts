import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { processInfo } from '../../system/process-info.ts';
import { eventually } from '../../test/condition.ts';
import type { Stack } from '../stack/stack.ts';
import { smokeCommand } from './gates.ts';
import { brokenHooks, runHook, runLateHook } from './hooks.ts';

const env = { RELEASE_ID: '1.2', BASE_URL: 'http://127.0.0.1:8082', POOL: 'green' };

describe('what operators add to a deploy', () => {
  let directory: string;
  let stack: Stack;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'bluegreen hooks '));
    stack = { root: directory, settings: { HOOKS_DIR: '.' } } as unknown as Stack;
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const write = (name: string, script: string, mode = 0o755) => {
    writeFileSync(join(directory, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(directory, name), mode);
  };
  const written = () => readFileSync(join(directory, 'written'), 'utf8');
  /** The child that it has named in `written` ends; at the latest with the test. */
  const childEnds = async () => {
    const child = Number(written());
    onTestFinished(() => {
      if (processInfo(child) !== undefined) process.kill(child);
    });
    await eventually('its child to end', () => processInfo(child) === undefined);
  };

  describe('a hook', () => {
    it('runs with its environment, in the root directory', async () => {
      write('pre-deploy', 'echo "$RELEASE_ID $POOL $BASE_URL" > written');
      expect(await runHook(stack, 'pre-deploy', env)).toBe(true);
      expect(written()).toBe('1.2 green http://127.0.0.1:8082\n');
    });

    it('may be missing', async () => {
      expect(await runHook(stack, 'pre-switch', env)).toBe(false);
    });

    it('that fails is reported with its exit code or signal', async () => {
      write('pre-switch', 'exit 7');
      await expect(runHook(stack, 'pre-switch', env)).rejects.toThrow('pre-switch hook exited with code 7');
      write('pre-switch', 'kill -KILL $$');
      await expect(runHook(stack, 'pre-switch', env)).rejects.toThrow('pre-switch hook was terminated by SIGKILL');
    });

    it('that fails leaves nothing running that it has started', async () => {
      write('pre-switch', 'sleep 60 & echo $! > written; exit 1');
      await expect(runHook(stack, 'pre-switch', env)).rejects.toThrow('exited with code 1');
      await childEnds();
    });

    it('is terminated by Ctrl-C, with all processes that it has started', async () => {
      write('pre-deploy', 'sleep 60 & echo $! > written; wait');
      const controller = new AbortController();
      const running = runHook(stack, 'pre-deploy', env, controller.signal);
      await eventually('the hook to begin', () => existsSync(join(directory, 'written')) && written() !== '');
      controller.abort(new Error('Ctrl-C'));
      await expect(running).rejects.toThrow('Ctrl-C');
      await childEnds();
    });

    it('that succeeds may leave something running', async () => {
      write('post-switch', 'sleep 60 & echo $! > written');
      await runHook(stack, 'post-switch', env);
      const child = Number(written());
      onTestFinished(() => void process.kill(child));
      expect(processInfo(child)).toBeDefined();
    });

    it('that is not executable is refused, and found by brokenHooks', async () => {
      write('pre-switch', '', 0o644);
      expect(brokenHooks(stack)).toEqual([join(directory, 'pre-switch')]);
      await expect(runHook(stack, 'pre-switch', env)).rejects.toThrow('is not executable');
    });

    it('that fails after the switch undoes nothing', async () => {
      write('post-switch', 'exit 1');
      await expect(runLateHook(stack, 'post-switch', env)).resolves.toBeUndefined();
    });
  });

  describe('a smoke command', () => {
    const { signal } = new AbortController();

    it('passes if it exits with code 0, and gets its environment', async () => {
      await smokeCommand('test "$RELEASE_ID" = 1.2 && test "$BASE_URL" = http://127.0.0.1:8082', env, 10_000, signal);
    });

    it('is quoted without terminal control sequences', async () => {
      const script = "printf '\\033[31mwrong page\\033[0m\\033]0;title\\007\\n'; exit 3";
      await expect(smokeCommand(script, env, 10_000, signal)).rejects.toThrow(/exited with code 3:\nwrong page$/);
    });

    it('that fails is reported with its exit code and its last output', async () => {
      await expect(smokeCommand('echo wrong page; exit 3', env, 10_000, signal)).rejects.toThrow(
        '"echo wrong page; exit 3" exited with code 3:\nwrong page',
      );
    });

    it('that fails leaves nothing running that it has started', async () => {
      const command = `sleep 60 & echo $! > '${join(directory, 'written')}'; exit 3`;
      await expect(smokeCommand(command, env, 10_000, signal)).rejects.toThrow('exited with code 3');
      await childEnds();
    });

    it('that takes too long is terminated', async () => {
      await expect(smokeCommand('exec sleep 60', env, 200, signal)).rejects.toThrow('timed out and was terminated');
    });
  });
});
