import type { Options } from 'execa';
import type { Stack } from '../../stack/stack.ts';
import { CommandError } from '../../terminal/command-error.ts';
import { type StatePart, stateParts } from '../engine.ts';
import { projectOf } from './project.ts';

/** A file that is replaced while it is read makes an attempt fail. */
const attempts = 5;

interface Volume {
  /** In the Compose file. */
  readonly name: string;
  /** Of everything in it, as numbers: the accounts are those of other images. */
  readonly owner: string;
  /** Of its root. */
  readonly mode: string;
}

/** 101 is the account of the edge, 1000 that of the Node programs. */
const volumeOf = {
  // The edge and the prober both write there.
  control: { name: 'control', owner: '101:101', mode: '775' },
  watcher: { name: 'watcher_state', owner: '1000:1000', mode: '755' },
  // The group of the edge reads what is in "live".
  certificates: { name: 'certificates', owner: '1000:101', mode: '750' },
  acme: { name: 'acme', owner: '1000:101', mode: '755' },
} as const satisfies Record<StatePart, Volume>;

type Run = (args: readonly string[], options?: Options) => Promise<string>;

export interface Volumes {
  /** The parts whose volume exists: it is made at the first start. */
  parts(): Promise<readonly StatePart[]>;
  save(file: string): Promise<void>;
  restore(file: string, parts: readonly StatePart[]): Promise<void>;
}

/** The volumes that a backup keeps, which are read and written by `tar` in a container of the image of the Node programs. */
export function volumesOf(stack: Stack, compose: Run, docker: Run): Volumes {
  const image = `${stack.settings.STACK_PREFIX ?? ''}bluegreen-node:local`;
  const fullName = (part: StatePart) => `${projectOf(stack)}_${volumeOf[part].name}`;

  async function parts(): Promise<readonly StatePart[]> {
    const names = (await docker(['volume', 'ls', '--quiet'])).split('\n');
    return stateParts.filter((part) => names.includes(fullName(part)));
  }

  /** As root, because the files belong to three accounts, but without a network and all that root can do beyond the files. */
  async function inContainer(
    mounted: readonly StatePart[],
    { readOnly, capabilities, script }: { readOnly: boolean; capabilities: readonly string[]; script: string },
    options: Options,
  ): Promise<void> {
    const mounts = mounted.flatMap((part) => {
      const mount = `type=volume,source=${fullName(part)},target=/state/${part},volume-nocopy`;
      return ['--mount', readOnly ? `${mount},readonly` : mount];
    });
    const limits = ['--network', 'none', '--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'];
    const granted = capabilities.flatMap((name) => ['--cap-add', name]);
    const run = ['run', '--rm', '--interactive', '--log-driver', 'none', '--user', '0:0', ...limits, ...granted];
    await docker([...run, ...mounts, '--workdir', '/state', '--entrypoint', 'sh', image, '-c', script], options);
  }

  async function ensureImage(): Promise<void> {
    const known = await docker(['image', 'ls', '--quiet', image]);
    if (known.trim() === '') await compose(['build', '--quiet', 'alert_watcher'], { stderr: 'inherit' });
  }

  return {
    parts,

    async save(file) {
      await ensureImage();
      const found = await parts();
      const script = `tar -c -f - ${found.join(' ')}`;
      for (let attempt = 1; ; attempt += 1) {
        try {
          const options = { stdout: { file }, encoding: 'buffer' } as const;
          return await inContainer(found, { readOnly: true, capabilities: ['DAC_READ_SEARCH'], script }, options);
        } catch (error) {
          if (!(error instanceof CommandError) || attempt === attempts) throw error;
        }
      }
    },

    async restore(file, restored) {
      await ensureImage();
      const existing = await parts();
      for (const part of restored.filter((name) => !existing.includes(name))) await make(part);
      const mounted = stateParts.filter((part) => existing.includes(part) || restored.includes(part));
      const script = [
        'set -eu',
        ...mounted.map((part) => `find ${part} -mindepth 1 -delete`),
        'tar -x -f -',
        // Flags that the host engine has made may be for one account only, but here, three read them.
        ...mounted.filter((part) => part === 'control').map((part) => `chmod -R a+rX ${part}`),
        ...mounted.flatMap((part) => {
          const { owner, mode } = volumeOf[part];
          return [`chown -R ${owner} ${part}`, `chmod ${mode} ${part}`];
        }),
      ].join('\n');
      const capabilities = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER'];
      await inContainer(mounted, { readOnly: false, capabilities, script }, { stdin: { file } });
    },
  };

  /** With the labels by which Compose knows its own volumes. */
  async function make(part: StatePart): Promise<void> {
    const labels = { project: projectOf(stack), volume: volumeOf[part].name };
    const args = Object.entries(labels).flatMap(([key, value]) => ['--label', `com.docker.compose.${key}=${value}`]);
    await docker(['volume', 'create', ...args, fullName(part)]);
  }
}
