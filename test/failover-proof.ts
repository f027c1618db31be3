import { describe, expect, it } from 'vitest';
import { startCommand } from './running-command.ts';
import { expectDone, root, type TestStack } from './stack.ts';

const minutes = 60_000;

/** Runs the proof as users run it. */
export function describeFailoverProof(engine: string, stack: () => TestStack): void {
  const prove = (environment: string[], ...args: string[]) =>
    stack().run(
      'env',
      ...environment,
      './test-failover.sh',
      '--engine',
      engine,
      '--env-file',
      stack().envFile,
      ...args,
    );

  describe(`./test-failover.sh on the ${engine} engine`, () => {
    // To the edge, the pools are alike on any engine.
    it.each([engine === 'compose' ? ['blue', '10'] : ['green', '3']])(
      'proves that no request fails while %s is active and broken for %s s',
      { timeout: 5 * minutes },
      async (active, seconds) => {
        const { stdout } = expectDone(await prove([`ACTIVE_POOL=${active}`], '--seconds', seconds));
        console.log(stdout);
        expect(stdout).toContain(`${active} is active`);
        for (const fault of ['error', 'timeout', 'crash', 'stop', 'freeze', 'restart']) {
          expect(stdout).toMatch(new RegExp(`^${fault} +\\d+ +0 `, 'm'));
        }
        expect(stdout).toMatch(/^\d+ requests, 0 failed: proved$/m);
        expect((await stack().ask()).pool).toBe('blue');
      },
    );

    it('exits with 1 when a request fails', { timeout: 2 * minutes }, async () => {
      // Without the standby, no pool can answer for the active pool.
      const standby = 'green';
      expectDone(await stack().bluegreen('chaos', standby, 'kill'));
      const { exitCode, stdout } = await prove([], '--seconds', '2', 'error');
      expect(exitCode).toBe(1);
      expect(stdout).toMatch(/^error +\d+ +[1-9]/m);
      expect(stdout).toContain('NOT PROVED');
      expectDone(await stack().bluegreen('chaos', standby, 'stop'));
    });

    it('repairs what it broke when it is interrupted', { timeout: 2 * minutes }, async () => {
      const { envFile, ports } = stack();
      const args = ['--engine', engine, '--env-file', envFile, '--seconds', '60', 'freeze'];
      const proof = startCommand('./test-failover.sh', args, { cwd: root, env: process.env });
      await expect.poll(async () => (await stack().ask()).pool, { timeout: minutes }).toBe('green');
      proof.interrupt();
      expect(await proof.exitCode).toBe(130);
      expect(await fetch(`http://127.0.0.1:${ports.blue}/healthz`)).toMatchObject({ status: 200 });
      await expect.poll(async () => (await stack().ask()).pool, { timeout: minutes }).toBe('blue');
    });

    it('rejects unknown arguments and settings', async () => {
      expect(await prove([], 'sneeze')).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('got "sneeze"') });
      expect(await prove(['ACTIVE_POOL=red'])).toMatchObject({
        exitCode: 1,
        stderr: expect.stringContaining('ACTIVE_POOL: expected blue or green'),
      });
    });
  });
}
