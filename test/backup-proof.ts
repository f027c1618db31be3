import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { list } from 'tar';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from './condition.ts';
import { createStack, expectDone, type TestStack } from './stack.ts';

/** The files of a stack, as root sees them. */
export interface StackFiles {
  /** Writes a file of the certificates, as the program that keeps them does. */
  writeCertificate(stack: TestStack, content: string): Promise<void>;
  readCertificate(stack: TestStack): Promise<string>;
}

/** What a backup must bring back, as the commands show it. */
interface Shown {
  readonly active: string;
  readonly muted: unknown;
  readonly history: unknown;
  readonly incident: string;
}

const certificate = 'a private key, and the chain\n';

async function shownBy(stack: TestStack): Promise<Omit<Shown, 'incident'>> {
  const json = async (...args: string[]) => JSON.parse(expectDone(await stack.bluegreen(...args, '--json')).stdout);
  const { edge, muted } = await json('status');
  return { active: edge.active, muted, history: await json('history') };
}

/** A stack with a history, an open incident and a certificate is saved while it runs, and restored on a second stack. */
export function describeBackup(
  engine: TestStack['engine'],
  files: StackFiles,
  more: (proof: BackupProof) => void,
): void {
  describe(`a backup on the ${engine} engine`, () => {
    const directory = mkdtempSync(join(tmpdir(), 'backup-test-'));
    const file = join(directory, 'bluegreen.tar.gz');
    const proof: BackupProof = {
      file,
      directory,
      first: undefined as never,
      second: undefined as never,
      expectRestored,
    };
    let before: Shown;

    beforeAll(async () => {
      proof.first = await createStack(engine, { ALERT_COOLDOWN_SEC: '0' });
      expectDone(await proof.first.bluegreen('up'));
      proof.second = await createStack(engine);
    });

    afterAll(async () => {
      await proof.second?.remove();
      await proof.first?.remove();
      rmSync(directory, { recursive: true, force: true });
    });

    it('is refused if there is nothing to save or nothing to restore', async () => {
      expect(await proof.second.bluegreen('backup', file)).toMatchObject({
        exitCode: 1,
        stderr: expect.stringContaining('there is no state'),
      });
      expect((await proof.second.bluegreen('restore', file)).exitCode).toBe(2);
    });

    it('is made while the stack runs, for this account only, and replaces no file unless it is forced', async () => {
      const { first } = proof;
      await files.writeCertificate(first, certificate);
      expectDone(await first.bluegreen('switch', 'green'));
      expectDone(await first.bluegreen('chaos', 'blue', 'shutdown'));
      const incident = await eventually('the alert', async () => {
        const { stdout } = await first.bluegreen('logs', 'alert_watcher');
        return /"alert":"standby-down","incident":"([^"]+)"/.exec(stdout)?.[1];
      });
      expectDone(await first.bluegreen('mute', '1h'));
      before = { ...(await shownBy(first)), incident };
      expect(before).toMatchObject({ active: 'green', muted: expect.anything() });
      const { stdout } = expectDone(await first.bluegreen('backup', file));
      expect(stdout).toContain('private keys');
      expect(await first.bluegreen('backup', file)).toMatchObject({
        exitCode: 1,
        stderr: expect.stringContaining('--force'),
      });
      await eventually('the watcher to have saved the incident', async () => {
        expectDone(await first.bluegreen('backup', file, '--force'));
        return (await checkpointIn(file)).includes(incident);
      });
      const { mode, names } = await archiveAt(file);
      expect(mode).toBe(0o600);
      expect(names.filter((name) => /\.log|\.down|prober\.alive/.test(name))).toEqual([]);
      expect(names).toEqual(expect.arrayContaining(['manifest.json', '.env', 'certificates/live/shop.example.pem']));
    });

    it('is not restored on a stack that runs, or that has state', async () => {
      const { first } = proof;
      expect(await first.bluegreen('restore', file, '--force')).toMatchObject({
        exitCode: 1,
        stderr: expect.stringContaining('Next: ./bluegreen down'),
      });
      expectDone(await first.bluegreen('chaos', 'blue', 'stop'));
      expectDone(await first.bluegreen('down'));
      expect(await first.bluegreen('restore', file)).toMatchObject({
        exitCode: 1,
        stderr: expect.stringContaining('already has state'),
      });
    });

    it('brings everything back on a second stack, which keeps its own ports', async () => {
      const { second } = proof;
      expectDone(await second.bluegreen('restore', file, '--keep-env'));
      expectDone(await second.bluegreen('up'));
      await expectRestored(second);
      expect(await files.readCertificate(second)).toBe(certificate);
      expectDone(await second.bluegreen('down'));
    });

    async function expectRestored(stack: TestStack): Promise<void> {
      const { incident, ...shown } = before;
      expect(await shownBy(stack)).toEqual(shown);
      expect((await stack.ask()).pool).toBe('green');
      await eventually('the open incident to be resolved', async () => {
        const { stdout } = await stack.bluegreen('logs', 'alert_watcher');
        return stdout.includes(`"alert":"standby-resolved","incident":"${incident}"`);
      });
    }

    more(proof);
  });
}

export interface BackupProof {
  readonly directory: string;
  /** The backup of the first stack. */
  readonly file: string;
  first: TestStack;
  second: TestStack;
  /** Expects of a running stack what the first one had when its backup was made. */
  expectRestored(stack: TestStack): Promise<void>;
}

async function archiveAt(file: string): Promise<{ readonly mode: number; readonly names: readonly string[] }> {
  const names: string[] = [];
  await list({ file, onReadEntry: ({ path }) => void names.push(path) });
  return { mode: statSync(file).mode & 0o777, names };
}

async function checkpointIn(file: string): Promise<string> {
  const chunks: Buffer[] = [];
  await list({
    file,
    filter: (path) => path === 'watcher/checkpoint.json',
    onReadEntry: (entry) => void entry.on('data', (chunk) => chunks.push(chunk)),
  });
  return Buffer.concat(chunks).toString();
}
