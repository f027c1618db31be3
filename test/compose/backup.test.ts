import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeBackup, type StackFiles } from '../backup-proof.ts';
import { createStack, expectDone, type TestStack } from '../stack.ts';

/** Runs a script as root on the volumes of a stack. */
async function onVolumes({ run, prefix }: TestStack, script: string): Promise<string> {
  const names = ['control', 'watcher_state', 'certificates', 'acme'];
  const mounts = names.flatMap((name) => ['--volume', `${prefix}bluegreen_${name}:/state/${name}`]);
  const image = `${prefix}bluegreen-node:local`;
  const options = [
    '--rm',
    '--user',
    '0:0',
    '--network',
    'none',
    ...mounts,
    '--workdir',
    '/state',
    '--entrypoint',
    'sh',
  ];
  return expectDone(await run('docker', 'run', ...options, image, '-c', script)).stdout;
}

const files: StackFiles = {
  async writeCertificate(stack, content) {
    const pem = 'certificates/live/shop.example.pem';
    const script = `mkdir -m 750 certificates/live && printf '%s' '${content}' > ${pem} && chmod 640 ${pem}`;
    await onVolumes(stack, `${script} && chown -R 1000:101 certificates && chmod 750 certificates`);
  },
  // Trimmed by the helper that runs commands.
  readCertificate: async (stack) => `${await onVolumes(stack, 'cat certificates/live/shop.example.pem')}\n`,
};

describeBackup('compose', files, (proof) => {
  it('is owned by the accounts that need it', async () => {
    const paths = 'control control/journal.jsonl watcher_state watcher_state/checkpoint.json certificates';
    const stat = await onVolumes(proof.second, `stat -c '%u:%g %a %n' ${paths} certificates/live/*`);
    expect(stat.split('\n')).toEqual([
      '101:101 775 control',
      '101:101 644 control/journal.jsonl',
      '1000:1000 755 watcher_state',
      '1000:1000 600 watcher_state/checkpoint.json',
      '1000:101 750 certificates',
      '1000:101 640 certificates/live/shop.example.pem',
    ]);
  });

  it('is known to Compose as its own', async () => {
    const { stderr } = expectDone(await proof.second.bluegreen('up'));
    expect(stderr).not.toMatch(/volume .* (already exists|exists but)/i);
    // The pools and the journal can be changed.
    expectDone(await proof.second.bluegreen('switch', 'blue'));
    expectDone(await proof.second.bluegreen('switch', 'green'));
    expectDone(await proof.second.bluegreen('down'));
  });

  it('is restored on the host engine, and a backup of that on Compose', async () => {
    const host = await createStack('host', { ALERT_COOLDOWN_SEC: '0' });
    const back = join(proof.directory, 'host.tar.gz');
    try {
      expectDone(await host.bluegreen('restore', proof.file, '--keep-env'));
      expectDone(await host.bluegreen('backup', back));
      expectDone(await host.bluegreen('up'));
      await proof.expectRestored(host);
    } finally {
      await host.remove();
    }
    expectDone(await proof.second.bluegreen('restore', back, '--keep-env', '--force'));
    expectDone(await proof.second.bluegreen('up'));
    await proof.expectRestored(proof.second);
  });
});
