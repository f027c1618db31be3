import { execa } from 'execa';
import type { Pool } from '../../../settings/pool.ts';
import type { Stack } from '../../stack/stack.ts';
import { CommandError } from '../../terminal/command-error.ts';
import { warning } from '../../terminal/terminal.ts';

/**
 * Pulls an image, or uses the one on this machine if no registry has it.
 *
 * A tag can be moved, which would change what `docker compose up` runs. So the env file gets the digest from the registry or,
 * without one, a tag of our own.
 * @throws {CommandError} if neither a registry nor this machine has the image
 */
export async function fetchImage(stack: Stack, pool: Pool, image: string, release: string): Promise<string> {
  const pulled = await docker('pull', '--quiet', image);
  if (pulled.exitCode !== 0) {
    const known = await docker('image', 'inspect', '--format', '{{.Id}}', image);
    if (known.exitCode !== 0) {
      throw new CommandError(`${image} cannot be pulled: ${pulled.stderr}`, { next: `docker pull ${image}` });
    }
    warning(`${image} cannot be pulled (${lastLine(pulled.stderr)}); using the one on this machine`);
  }
  if (image.includes('@')) return image;
  const digest = pulled.exitCode === 0 ? await digestOf(image) : undefined;
  return digest === undefined ? ownTag(stack, pool, image, release) : `${image}@${digest}`;
}

async function digestOf(image: string): Promise<string | undefined> {
  const { exitCode, stdout } = await docker('image', 'inspect', '--format', '{{json .RepoDigests}}', image);
  if (exitCode !== 0) return undefined;
  const repository = image.replace(/:[^/:]+$/, '');
  const digests = (JSON.parse(stdout) as string[] | null) ?? [];
  // Docker expands short image names.
  const found = digests.find((entry) => entry.startsWith(`${repository}@`)) ?? digests[0];
  return found?.slice(found.indexOf('@') + 1);
}

/** Tags the image for its release and pool. Nothing else moves this tag. */
async function ownTag({ settings }: Stack, pool: Pool, image: string, release: string): Promise<string> {
  const tag = `${ownPrefix(settings)}${pool}:${release.replaceAll('+', '_')}`;
  const { exitCode, stderr } = await docker('image', 'tag', image, tag);
  if (exitCode !== 0) throw new CommandError(`${image} cannot be tagged: ${stderr}`);
  return tag;
}

/** Removes a tag of our own. Docker removes the layers when nothing else uses them. */
export async function dropImage({ settings }: Stack, image: string): Promise<void> {
  if (image.startsWith(ownPrefix(settings))) await docker('image', 'rm', image);
}

function ownPrefix({ STACK_PREFIX = '' }: Stack['settings']): string {
  return `${STACK_PREFIX}bluegreen-app-`;
}

function docker(...args: string[]) {
  return execa('docker', args, { stdin: 'ignore', reject: false, detached: true });
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}
