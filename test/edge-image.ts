import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { execa } from 'execa';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** The image that edges run in; on the host, they are processes and there is none. */
    readonly edgeImage: string | undefined;
  }
}

/** Builds the edge's image, for all tests of a run. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { NODE_IMAGE, NGINX_IMAGE } = process.env;
  const images = Object.entries({ NODE_IMAGE, NGINX_IMAGE }).filter(([, image]) => image !== undefined);
  const image = `bluegreen-edge:test-${randomUUID()}`;
  const args = images.flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);
  await execa('docker', ['build', '--quiet', '--target', 'edge', '--tag', image, ...args, '.'], {
    cwd: join(import.meta.dirname, '..'),
  });
  project.provide('edgeImage', image);
  return async () => {
    await execa('docker', ['image', 'rm', image]);
  };
}
