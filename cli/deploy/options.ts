import { releasePattern } from '../../settings/fields.ts';
import { durationOption } from '../arguments.ts';
import { CommandError } from '../terminal/command-error.ts';

/** The options as given on the command line. */
export interface RawDeployOptions {
  readonly image?: string | undefined;
  readonly release?: string | undefined;
  readonly smoke: readonly string[];
  readonly smokePath: readonly string[];
  readonly bake: string;
  readonly maxErrorRate: string;
  readonly canary?: string;
  readonly switch: boolean;
  readonly yes: boolean;
}

export interface DeployOptions {
  readonly image: string | undefined;
  readonly release: string;
  readonly smokeCommands: readonly string[];
  readonly smokePaths: readonly string[];
  readonly bakeMs: number;
  readonly maxErrorPercent: number;
  /** Rising shares of visitors, in percent; empty for no canary. */
  readonly canarySteps: readonly number[];
  readonly switchOver: boolean;
  readonly confirmed: boolean;
}

/**
 * Parses and validates the options.
 * @throws {CommandError} if an option is invalid; the message says what was expected
 */
export function deployOptions(raw: RawDeployOptions): DeployOptions {
  const release = raw.release ?? releaseOf(raw.image);
  if (!releasePattern.test(release)) {
    throw misuse(`--release: expected up to 64 letters, digits and . _ + -, a letter or digit first, got "${release}"`);
  }
  const wrongPath = raw.smokePath.find((path) => !/^\/[^\s#]*$/.test(path));
  if (wrongPath !== undefined) throw misuse(`--smoke-path: expected a path that begins with /, got "${wrongPath}"`);
  return {
    image: raw.image,
    release,
    smokeCommands: raw.smoke,
    smokePaths: raw.smokePath,
    bakeMs: durationOption('--bake', raw.bake),
    maxErrorPercent: percentOption('--max-error-rate', raw.maxErrorRate),
    canarySteps: canarySteps(raw.canary),
    switchOver: raw.switch,
    confirmed: raw.yes,
  };
}

/** The image's tag, or if that is missing or `latest`, the time, so that each deploy has a name of its own. */
function releaseOf(image: string | undefined): string {
  const [name = ''] = (image ?? '').split('@');
  const tag = /:([^/:]+)$/.exec(name)?.[1];
  if (tag !== undefined && tag !== 'latest' && releasePattern.test(tag)) return tag;
  return new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
}

function percentOption(name: string, text: string): number {
  const number = /^(\d{1,3}(?:\.\d{1,3})?)%?$/.exec(text)?.[1];
  if (number !== undefined && Number(number) <= 100) return Number(number);
  throw misuse(`${name}: expected a percentage such as 1% or 0.5%, got "${text}"`);
}

function canarySteps(text: string | undefined): readonly number[] {
  if (text === undefined) return [];
  const steps = text.split(',').map((share) => sharePercent('--canary', share.trim()));
  if (steps.some((share, index) => index > 0 && share <= (steps[index - 1] ?? 0))) {
    throw misuse(`--canary: expected rising shares such as 5%,25%,50%, got "${text}"`);
  }
  return steps;
}

/**
 * Parses a share of visitors such as `5%`.
 * @throws {CommandError} if it is not a whole percentage from 1 to 99
 */
export function sharePercent(name: string, text: string): number {
  const number = Number(/^(\d{1,2})%?$/.exec(text)?.[1]);
  if (number >= 1) return number;
  throw misuse(`${name}: expected a whole percentage from 1 to 99, got "${text}"`);
}

function misuse(message: string): CommandError {
  return new CommandError(message, { code: 'MISUSE' });
}
