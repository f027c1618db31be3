import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { root } from '../stack.ts';

async function resolved(...files: readonly string[]) {
  const named = files.flatMap((file) => ['--file', file]);
  const args = ['compose', '--profile', 'monitoring', ...named, 'config', '--format', 'json'];
  return JSON.parse((await execa('docker', args, { cwd: root })).stdout);
}

describe('the override file of docs/monitoring.md', () => {
  it('changes the image and the port of Grafana, and nothing else', async () => {
    const page = readFileSync(join(root, 'docs/monitoring.md'), 'utf8');
    const [, example = ''] = /```yaml\n# docker-compose\.override\.yml\n(.*?)```/s.exec(page) ?? [];
    const directory = mkdtempSync(join(tmpdir(), 'bluegreen-override-'));
    const override = join(directory, 'docker-compose.override.yml');
    writeFileSync(override, example);
    const before = await resolved('docker-compose.yml');
    const after = await resolved('docker-compose.yml', override);
    rmSync(directory, { recursive: true });
    const [port] = before.services.grafana.ports;
    expect(port.published).toBe('3001');
    before.services.grafana.image = 'registry.example/grafana:13.2.0';
    before.services.grafana.ports = [{ ...port, published: '3300' }];
    expect(after).toEqual(before);
  });
});
