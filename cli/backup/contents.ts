import { type StatePart, stateParts } from '../engine/engine.ts';

/** Files of the checkout, as they are named in an archive. `.env` is the stack's env file, whatever its name is. */
export const envFiles = ['.env', 'app.env', 'acme.env'] as const;
export type EnvFileName = (typeof envFiles)[number];

/** A file or a directory of an archive, apart from its manifest. */
export type Part = EnvFileName | StatePart;
export const parts = [...envFiles, ...stateParts] as const satisfies readonly Part[];

/** What people read about each part. */
export const contentsOf = {
  '.env': 'the settings',
  'app.env': "your app's environment",
  'acme.env': 'the credentials of the DNS provider',
  control: 'the active pool, maintenance, canary, mute, and the journal',
  watcher: 'open incidents, alerts to send, and the history of the dashboard',
  certificates: 'certificates, their private keys, and the ACME account',
  acme: 'the report on certificates',
} as const satisfies Record<Part, string>;

export const manifestName = 'manifest.json';

/** An entry of an archive, which anybody may have made. */
export interface Entry {
  readonly path: string;
  /** As the library names it. */
  readonly type: string;
  readonly size: number;
}

const maxEntries = 100_000;
const maxBytes = 2 * 1024 ** 3;

/** Judges the entries of one archive, one after the other: why it cannot be used, or undefined. */
export function entryJudge(): (entry: Entry) => string | undefined {
  let entries = 0;
  let bytes = 0;
  return (entry) => {
    entries += 1;
    bytes += Math.max(0, entry.size);
    if (entry.size < 0) return `${JSON.stringify(entry.path)} has no valid size`;
    if (entries > maxEntries) return `more than ${maxEntries} entries`;
    if (bytes > maxBytes) return `more than ${maxBytes / 1024 ** 3} GiB`;
    return placeFault(entry);
  };
}

function placeFault({ path, type }: Entry): string | undefined {
  const isFile = type === 'File' || type === 'OldFile';
  const isDirectory = type === 'Directory';
  if (!isFile && !isDirectory) return `${JSON.stringify(path)} is neither a file nor a directory`;
  const [top = '', ...below] = (isDirectory ? path.replace(/\/$/, '') : path).split('/');
  const isPlain = below.every((name) => name !== '' && name !== '.' && name !== '..');
  if (!isPlain || /[\\\p{Cc}]/u.test(path)) return `${JSON.stringify(path)} is no plain path`;
  const isKnownFile = top === manifestName || (envFiles as readonly string[]).includes(top);
  if (isKnownFile && isFile && below.length === 0) return undefined;
  if ((stateParts as readonly string[]).includes(top) && (isDirectory || below.length > 0)) return undefined;
  return `${JSON.stringify(path)} does not belong into a backup`;
}

/** What the prober and the edge find out themselves within a second, and files that are not complete yet. */
export function isTransient(path: string): boolean {
  const isFlag = /^control\/((blue|green)\.down|both\.up|overloaded|prober\.alive|plain\.(blue|green))$/.test(path);
  return isFlag || /^(control|watcher)\/[^/]+\.(tmp|new)$/.test(path);
}
