import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Result } from '../cli/prove/play.ts';
import { expectDone, type TestStack } from './stack.ts';

interface ProveDocument {
  readonly proved: boolean;
  readonly scenarios: readonly Result[];
  readonly skipped: readonly { readonly name: string; readonly why: string }[];
}

const minutes = 60_000;
const size = ['--rate', '100', '--connections', '10', '--seconds', '2'];

/** Runs a few short scenarios on a stack of its own. Running all of them is left to people. */
export function describeProve(
  engine: string,
  stack: () => TestStack,
  { played, notHere }: { readonly played: readonly string[]; readonly notHere: readonly string[] },
): void {
  describe(`./bluegreen prove on the ${engine} engine`, () => {
    it(`starts the stack, runs ${played.join(', ')}, and restores the state`, { timeout: 5 * minutes }, async () => {
      // The operator's hooks, for real releases only.
      const hooks = mkdtempSync(join(tmpdir(), 'bluegreen-hooks-'));
      writeFileSync(join(hooks, 'pre-deploy'), '#!/bin/sh\ntouch "$(dirname "$0")/ran"\n', { mode: 0o755 });
      stack().configure({ HOOKS_DIR: hooks });
      const { stdout } = expectDone(await stack().bluegreen('prove', '--json', ...size, ...played, ...notHere));
      const { proved, scenarios, skipped } = JSON.parse(stdout) as ProveDocument;
      expect(proved).toBe(true);
      expect(scenarios.map(({ name }) => name).toSorted()).toEqual(played.toSorted());
      expect(skipped.map(({ name }) => name).toSorted()).toEqual(notHere.toSorted());
      for (const scenario of scenarios) {
        expect(scenario).toMatchObject({ faults: [] });
        expect(scenario.requests).toBeGreaterThan(500);
        expect(scenario.alertsRaised).toBe(scenario.alertsDue);
        expect(scenario.timeline.some(({ atMs }) => atMs < 0)).toBe(true);
        expect(scenario.timeline.some(({ atMs }) => atMs > 0)).toBe(true);
      }
      await expectCalm(stack());
      expect(readdirSync(hooks)).toEqual(['pre-deploy']);
      rmSync(hooks, { recursive: true });
    });

    it('repairs what it broke when it is interrupted', async () => {
      const proof = stack().start('prove', ...size.slice(0, 4), '--seconds', '60', 'freeze');
      await proof.says(/blue is active/);
      await expect.poll(async () => poolOf(await stack().ask()), { timeout: 30_000 }).toBe('green');
      proof.interrupt();
      expect(await proof.exitCode).toBe(1);
      expect(proof.output()).toContain('interrupted; everything that was broken is repaired');
      await expectCalm(stack());
    });

    it('exits with 1 if the reader closes the pipe', async () => {
      const command = `./bluegreen --engine ${engine} --env-file ${stack().envFile} prove ${size.join(' ')} network`;
      const { stderr } = await stack().run('sh', '-c', `{ ${command}; echo "exit code $?" >&2; } | true`);
      expect(stderr).toContain('exit code 1');
    });

    it('rejects unknown arguments, and does not start on an unhealthy stack', async () => {
      expect(await stack().bluegreen('prove', 'sneeze')).toMatchObject({ exitCode: 2 });
      expect(await stack().bluegreen('prove', '--rate', '0')).toMatchObject({
        exitCode: 2,
        stderr: expect.stringContaining('--rate: expected a whole number of at least 1, got "0"'),
      });
      expectDone(await stack().bluegreen('chaos', 'green', 'error'));
      expect(await stack().bluegreen('prove', 'kill')).toMatchObject({
        exitCode: 1,
        stderr: expect.stringContaining('green is not healthy (status 500)'),
      });
      expectDone(await stack().bluegreen('chaos', 'green', 'stop'));
      await expectCalm(stack());
    });
  });
}

const poolOf = ({ pool }: { pool: string | undefined }) => pool;

/** Blue is active and answers, and both pools are up. */
async function expectCalm(stack: TestStack): Promise<void> {
  await expect.poll(async () => poolOf(await stack.ask()), { timeout: 30_000 }).toBe('blue');
  await expect
    .poll(async () => JSON.parse(expectDone(await stack.bluegreen('status', '--json')).stdout).edge, {
      timeout: 30_000,
    })
    .toMatchObject({ active: 'blue', down: { blue: false, green: false } });
}
