import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { describeBackup } from '../backup-proof.ts';
import { expectDone, root, type TestStack } from '../stack.ts';

const certificateOf = ({ prefix }: TestStack) =>
  join(root, '.bluegreen/stacks', prefix, 'certificates/live/shop.example.pem');

describeBackup(
  'host',
  {
    async writeCertificate(stack, content) {
      const path = certificateOf(stack);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content, { mode: 0o640 });
    },
    readCertificate: async (stack) => readFileSync(certificateOf(stack), 'utf8'),
  },
  (proof) => {
    it('brings the settings back too, and keeps those that were there', async () => {
      const { first, file } = proof;
      const settings = readFileSync(first.envFile, 'utf8');
      expectDone(await first.bluegreen('down', '--volumes'));
      writeFileSync(first.envFile, 'RELEASE_ID_BLUE=other\n');
      expectDone(await first.bluegreen('restore', file));
      expect(readFileSync(first.envFile, 'utf8')).toBe(settings);
      expect(readFileSync(`${first.envFile}.before-restore`, 'utf8')).toBe('RELEASE_ID_BLUE=other\n');
      expectDone(await first.bluegreen('up'));
      await proof.expectRestored(first);
    });

    it('that somebody has made up is refused, and nothing is changed', async () => {
      const { second, directory } = proof;
      const file = join(directory, 'hostile.tar.gz');
      writeFileSync(file, gzipSync(Buffer.from('no archive')));
      const before = readFileSync(second.envFile, 'utf8');
      expect(await second.bluegreen('restore', file, '--force')).toMatchObject({
        exitCode: 1,
        stderr: expect.stringContaining('cannot be unpacked'),
      });
      expectDone(await second.run('tar', '-czf', file, '-C', root, 'entrypoint.sh'));
      expect(await second.bluegreen('restore', file, '--force')).toMatchObject({
        exitCode: 1,
        stderr: expect.stringContaining('"entrypoint.sh" does not belong into a backup'),
      });
      expect(readFileSync(second.envFile, 'utf8')).toBe(before);
      expect(readFileSync(certificateOf(second), 'utf8')).not.toBe('');
    });
  },
);
