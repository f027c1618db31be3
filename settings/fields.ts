import { z } from 'zod';
import { isWebUrl, parseChannels } from './channels.ts';

/** What a person is told about a variable: where it stands, what it takes, what it is for. */
export interface FieldInfo {
  /** As it would be written in `.env`; undefined: the variable may stay unset. */
  readonly default: string | undefined;
  /** Ends the sentence "NAME: expected …". */
  readonly expected: string;
  readonly about: string;
  /** The value is never repeated in an error. */
  readonly secret: boolean;
}

const infos = new WeakMap<z.ZodType, FieldInfo>();

/** The description of a field made by one of the functions below. */
export function infoOf(field: z.ZodType): FieldInfo {
  const info = infos.get(field);
  if (info === undefined) throw new TypeError('not a field of settings/fields.ts');
  return info;
}

function described<S extends z.ZodType>(field: S, info: FieldInfo): S {
  infos.set(field, info);
  return field;
}

function withDefault<S extends z.ZodType<unknown, string>>(schema: S, expected: string, value: string, about: string) {
  return described(schema.prefault(value as z.input<S> & string), { default: value, expected, about, secret: false });
}

function optional<S extends z.ZodType<unknown, string>>(schema: S, expected: string, about: string, secret = false) {
  return described(schema.optional(), { default: undefined, expected, about, secret });
}

const digits = z.string().regex(/^(0|[1-9]\d{0,8})$/);
const text = z
  .string()
  .max(200)
  .regex(/^[^\p{Cc}]*$/u);

/** A whole number between two bounds, both included. */
export function wholeNumber(min: number, max: number, value: number, about: string) {
  const schema = digits.transform(Number).pipe(z.number().min(min).max(max));
  return withDefault(schema, `a whole number from ${min} to ${max}`, String(value), about);
}

export function port(value: number, about: string) {
  return wholeNumber(1, 65_535, value, about);
}

/** A share in percent: above 0, at most 100, decimals allowed. */
export function percent(value: number, about: string) {
  const schema = z
    .string()
    .regex(/^\d{1,3}(\.\d{1,6})?$/)
    .transform(Number)
    .pipe(z.number().gt(0).max(100));
  return withDefault(schema, 'a percentage above 0 and up to 100, such as 2 or 0.5', String(value), about);
}

/** A service level objective in percent; from 95 on, as below even an outage would hardly burn its budget too fast. */
export function objective(about: string) {
  const schema = z
    .string()
    .regex(/^\d{2}(\.\d{1,6})?$/)
    .transform(Number)
    .pipe(z.number().gte(95).lt(100));
  return optional(schema, 'a percentage from 95 up to below 100, such as 99.9', about);
}

export function oneOf<const T extends readonly [string, ...string[]]>(values: T, value: T[number], about: string) {
  return withDefault(z.enum(values), values.join(' or '), value, about);
}

export function flag(value: boolean, about: string) {
  const schema = z.enum(['true', 'false']).transform((word) => word === 'true');
  return withDefault(schema, 'true or false', String(value), about);
}

export function onOff(value: 'on' | 'off', about: string) {
  return withDefault(z.enum(['on', 'off']), 'on or off', value, about);
}

/** A time as nginx writes it; stays a string because nginx is who reads it. */
export function nginxTime(value: string, about: string) {
  const schema = z.string().regex(/^[1-9]\d{0,5}(ms|s|m)$/);
  return withDefault(schema, 'a time above 0 with its unit, such as 300ms, 3s or 1m', value, about);
}

/** A size as nginx writes it; 0 means no limit. */
export function nginxSize(value: string, about: string) {
  return withDefault(
    z.string().regex(/^(0|[1-9]\d{0,6}[km]?)$/),
    'a size such as 512k or 64m, or 0 for no limit',
    value,
    about,
  );
}

export function urlPath(value: string, about: string) {
  const schema = z.string().regex(/^\/[A-Za-z0-9._~/-]{0,200}$/);
  return withDefault(schema, 'a path that begins with / and holds letters, digits and . _ ~ - / only', value, about);
}

/** An absolute path that the edge can quote: no quotes, $, braces or control characters. */
export function absolutePath(value: string, about: string) {
  return withDefault(
    z.string().regex(/^\/[A-Za-z0-9 ._@/+~=,-]*$/),
    'an absolute path of letters, digits, spaces and . _ @ / + ~ = , -',
    value,
    about,
  );
}

export function ipAddress(value: string, about: string) {
  return withDefault(z.ipv4(), 'an IPv4 address such as 127.0.0.1', value, about);
}

/** An IPv4 address and a port. */
export function address(value: string, about: string) {
  const schema = z.string().refine((candidate) => {
    const [host, port, ...rest] = candidate.split(':');
    const number = digits.safeParse(port).success ? Number(port) : 0;
    return rest.length === 0 && z.ipv4().safeParse(host).success && number >= 1 && number <= 65_535;
  });
  return withDefault(schema, 'an IPv4 address and a port, such as 172.31.240.11:3000', value, about);
}

/** A name or an IPv4 address, and a port. */
export function hostAddress(about: string) {
  const schema = z.string().refine((candidate) => {
    const [, port] = /^[A-Za-z0-9][A-Za-z0-9._-]{0,252}:(\d{1,5})$/.exec(candidate) ?? [];
    return Number(port) >= 1 && Number(port) <= 65_535;
  });
  return optional(schema, 'a host and a port, such as health_prober:8085', about);
}

export function subnetPrefix(value: string, about: string) {
  const schema = z.string().refine((prefix) => z.ipv4().safeParse(`${prefix}.0`).success);
  return withDefault(schema, 'the first three numbers of a private IPv4 network, such as 172.31.240', value, about);
}

export function stackPrefix(about: string) {
  return optional(z.string().regex(/^[a-z0-9][a-z0-9_-]{0,40}$/), 'lower-case letters, digits, _ and -', about);
}

/** A memory limit as Docker writes it. */
export function memory(value: string, about: string) {
  return withDefault(z.string().regex(/^[1-9]\d{0,6}[kmg]$/), 'a size such as 512m or 1g', value, about);
}

/** An image reference, passed to Docker as it is. */
export function image(value: string | undefined, about: string) {
  const schema = z.string().regex(/^[a-z0-9][A-Za-z0-9._:/@-]{0,250}$/);
  const expected = 'an image reference such as registry.example/app:1.2';
  return value === undefined ? optional(schema, expected, about) : withDefault(schema, expected, value, about);
}

/** Matches what the edge lets through of an `X-Release-Id` header. */
export const releasePattern = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/;

export function release(value: string, about: string) {
  return withDefault(
    z.string().regex(releasePattern),
    'up to 64 letters, digits and . _ + -, a letter or digit first',
    value,
    about,
  );
}

export function freeText(about: string) {
  return optional(text, 'one line of at most 200 characters', about);
}

export function filePath(about: string) {
  return optional(z.string().min(1).max(4096), 'a path to a file', about);
}

export function directory(value: string, about: string) {
  return withDefault(z.string().min(1).max(4096), 'a path to a directory', value, about);
}

/** A person or a pipeline. */
export function actor(about: string) {
  return optional(
    z.string().regex(/^[^"\\\p{Cc}]{1,100}$/u),
    'up to 100 characters without quotes and backslashes',
    about,
  );
}

const webUrl = z.string().refine(isWebUrl);

export function httpUrl(about: string) {
  return optional(webUrl, 'an http:// or https:// URL', about);
}

/** A URL whose possession is a permission: errors name the variable and never the value. */
export function secretUrl(about: string) {
  return optional(webUrl, 'an http:// or https:// URL', about, true);
}

/** Channels for alerts; each fault is told by itself, as one entry can be wrong in a long list of secrets. */
export function channelList(about: string) {
  const schema = z
    .string()
    .max(20_000)
    .transform((list, context) => {
      const { channels, faults } = parseChannels(list);
      for (const message of faults) context.addIssue({ code: 'custom', message, params: { told: true } });
      return channels;
    });
  return optional(schema, 'kind=url entries, separated by spaces or commas', about, true);
}

export function secretText(minChars: number, about: string) {
  return optional(z.string().min(minChars).max(1_000), `at least ${minChars} characters`, about, true);
}

/** A secret that stands in a file's name. */
export function token(about: string) {
  return optional(z.string().regex(/^[A-Za-z0-9_-]{16,128}$/), '16 to 128 letters, digits, _ and -', about, true);
}

/** A shell command. */
export function command(about: string) {
  return optional(z.string().max(4_000), 'a shell command', about);
}

/** A proxy, which may come with a user name and a password; as with curl, `http://` may be left out. */
export function proxyUrl(about: string) {
  const schema = z
    .string()
    .transform((value) => (value.includes('://') ? value : `http://${value}`))
    .pipe(webUrl);
  return optional(schema, 'an http:// or https:// URL', about, true);
}

export function hostList(about: string) {
  const schema = z.string().regex(/^[A-Za-z0-9.:*_,/[\] -]{1,4000}$/);
  return optional(schema, 'host names, separated by commas', about);
}
