import { z } from 'zod';
import { isWebUrl, parseChannels } from './channels.ts';

// One function for each kind of variable, and so longer than other files.

/** Which values a variable accepts, and how errors and documents describe them. */
export interface Field<S extends z.ZodType = z.ZodType> {
  readonly schema: S;
  /** As written in `.env`; undefined: the variable may stay unset. */
  readonly default: string | undefined;
  /** Completes the sentence "NAME: expected …". */
  readonly expected: string;
  readonly about: string;
  /** Never repeat the value in an error. */
  readonly secret: boolean;
  /** The same check for a shell; undefined: there is none, and the edge cannot have such a variable. */
  readonly check: ShellRule | undefined;
}

/** A POSIX extended regular expression that means the same in JavaScript, or the bounds of a whole number. */
export type ShellRule = { readonly pattern: string } | { readonly min: number; readonly max: number };

type TextSchema = z.ZodType<unknown, string>;

interface Description {
  readonly expected: string;
  readonly about: string;
  readonly secret?: boolean;
  readonly check?: ShellRule;
}

function withDefault<S extends TextSchema>(schema: S, value: string, description: Description) {
  return fieldOf(schema.prefault(value as z.input<S> & string), value, description);
}

function optional<S extends TextSchema>(schema: S, description: Description) {
  return fieldOf(schema.optional(), undefined, description);
}

function fieldOf<S extends z.ZodType>(schema: S, value: string | undefined, description: Description): Field<S> {
  const { expected, about, secret = false, check } = description;
  return { schema, default: value, expected, about, secret, check };
}

function matching(pattern: string) {
  return z.string().regex(new RegExp(pattern));
}

/** A text that one regular expression checks, here and in the shell. */
function patternField(pattern: string, value: string, expected: string, about: string) {
  return withDefault(matching(pattern), value, { expected, about, check: { pattern } });
}

const digits = z.string().regex(/^(0|[1-9]\d{0,8})$/);

const octet = '(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])';
const ipv4 = `${octet}(\\.${octet}){3}`;
const portNumber = '([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])';

/** A whole number from `min` to `max`, inclusive. */
export function wholeNumber(min: number, max: number, value: number, about: string) {
  const schema = digits.transform(Number).pipe(z.number().min(min).max(max));
  return withDefault(schema, String(value), {
    expected: `a whole number from ${min} to ${max}`,
    about,
    check: { min, max },
  });
}

export function port(value: number, about: string) {
  return wholeNumber(1, 65_535, value, about);
}

/** A percentage above 0 and up to 100; decimals are allowed. */
export function percent(value: number, about: string) {
  const schema = z
    .string()
    .regex(/^\d{1,3}(\.\d{1,6})?$/)
    .transform(Number)
    .pipe(z.number().gt(0).max(100));
  return withDefault(schema, String(value), {
    expected: 'a percentage above 0 and up to 100, such as 2 or 0.5',
    about,
  });
}

/** A service level objective in percent. Below 95, even an outage would hardly burn the error budget too fast. */
export function objective(about: string) {
  const schema = z
    .string()
    .regex(/^\d{2}(\.\d{1,6})?$/)
    .transform(Number)
    .pipe(z.number().gte(95).lt(100));
  return optional(schema, { expected: 'a percentage from 95 to below 100, such as 99.9', about });
}

export function oneOf<const T extends readonly [string, ...string[]]>(values: T, value: T[number], about: string) {
  return withDefault(z.enum(values), value, {
    expected: values.join(' or '),
    about,
    check: { pattern: `^(${values.join('|')})$` },
  });
}

export function trueOrFalse(value: boolean, about: string) {
  const schema = z.enum(['true', 'false']).transform((word) => word === 'true');
  return withDefault(schema, String(value), {
    expected: 'true or false',
    about,
    check: { pattern: '^(true|false)$' },
  });
}

export function onOff(value: 'on' | 'off', about: string) {
  return oneOf(['on', 'off'], value, about);
}

/** A time in nginx's notation. It stays a string, because nginx reads it. */
export function nginxTime(value: string, about: string) {
  return patternField(
    '^[1-9][0-9]{0,5}(ms|s|m)$',
    value,
    'a time above 0 with its unit, such as 300ms, 3s or 1m',
    about,
  );
}

/** A size in nginx's notation; 0 means no limit. */
export function nginxSize(value: string, about: string) {
  return patternField('^(0|[1-9][0-9]{0,6}[km]?)$', value, 'a size such as 512k or 64m, or 0 for no limit', about);
}

/** A path, possibly with a query, that is safe in nginx's configuration and in a shell's quotes. */
export function urlPath(value: string, about: string) {
  return patternField(
    '^/[A-Za-z0-9._~/-]{0,200}([?][A-Za-z0-9._~/%=&+,:@-]{0,200})?$',
    value,
    'a path of letters, digits and . _ ~ - / that starts with /, and possibly a query such as ?full=1',
    about,
  );
}

/** Path prefixes, separated by commas. */
export function pathPrefixes(about: string) {
  const prefix = '/[A-Za-z0-9._~/-]{0,200}';
  const pattern = `^${prefix}(,${prefix})*$`;
  return optional(matching(pattern), {
    expected: 'paths such as /assets/,/_next/static/, separated by commas, of letters, digits and . _ ~ - /',
    about,
    check: { pattern },
  });
}

/** IPv4 and IPv6 addresses and networks, separated by commas. */
export function networks(about: string) {
  const network = `(${ipv4}(/([12]?[0-9]|3[0-2]))?|[0-9a-fA-F]{0,4}:[0-9a-fA-F:]{1,38}(/([0-9]{1,2}|1[01][0-9]|12[0-8]))?)`;
  const pattern = `^${network}(,${network})*$`;
  return optional(matching(pattern), {
    expected: 'addresses and networks such as 10.0.0.7,192.168.0.0/16,fd00::/8, separated by commas',
    about,
    check: { pattern },
  });
}

/** Statuses and classes of them. */
export function statusList(value: string, about: string) {
  const one = '[2-5]([0-9][0-9]|xx)';
  const pattern = `^${one}(,${one})*$`;
  const schema = matching(pattern).transform((list): readonly string[] => list.split(','));
  return withDefault(schema, value, {
    expected: 'statuses from 200 to 599 or classes of them, separated by commas, such as 2xx or 200,204,401',
    about,
    check: { pattern },
  });
}

/** A name or an address, possibly with a port. */
export function hostHeader(about: string) {
  const pattern = `^([A-Za-z0-9][A-Za-z0-9._-]{0,252}|\\[[0-9A-Fa-f:.]{2,45}\\])(:${portNumber})?$`;
  return optional(matching(pattern), {
    expected: 'a host name or address, possibly with a port, such as shop.example',
    about,
    check: { pattern },
  });
}

/** Domain names in lower case, separated by commas; `*.` in front stands for any one label. */
export function domains(about: string) {
  const label = '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?';
  const domain = `([*][.])?${label}([.]${label})+`;
  const pattern = `^${domain}(,${domain})*$`;
  const schema = matching(pattern).transform((list): readonly string[] => list.split(','));
  return optional(schema, {
    expected: 'domain names in lower case, separated by commas, such as shop.example,www.shop.example',
    about,
    check: { pattern },
  });
}

export function email(about: string) {
  return optional(z.string().regex(/^[^\s@"\\\p{Cc}]{1,64}@[A-Za-z0-9.-]{1,190}$/u), {
    expected: 'an e-mail address such as ops@shop.example',
    about,
  });
}

/** The name of one of lego's DNS providers; lego itself checks it. */
export function dnsProvider(about: string) {
  return optional(z.string().regex(/^[a-z0-9-]{1,40}$/), {
    expected: "the name of one of lego's DNS providers, such as route53",
    about,
  });
}

/** An absolute path that is safe in nginx's quotes: no quotes, $, braces or control characters. */
export function absolutePath(value: string, about: string) {
  return patternField(
    '^/[A-Za-z0-9 ._@/+~=,-]*$',
    value,
    'an absolute path of letters, digits, spaces and . _ @ / + ~ = , -',
    about,
  );
}

export function ipAddress(value: string, about: string) {
  return patternField(`^${ipv4}$`, value, 'an IPv4 address such as 127.0.0.1', about);
}

const bindPattern = `^(${ipv4}|\\[[0-9A-Fa-f:]{2,39}\\])$`;
const bindExpected = 'an IP address such as 127.0.0.1 or [::1]';

/** An address to listen on, as nginx and Docker write it: IPv6 in brackets. */
export function bindAddress(value: string, about: string) {
  return patternField(bindPattern, value, bindExpected, about);
}

export function optionalBindAddress(about: string) {
  return optional(matching(bindPattern), { expected: bindExpected, about, check: { pattern: bindPattern } });
}

/** An IPv4 address and a port. */
export function address(value: string, about: string) {
  return patternField(
    `^${ipv4}:${portNumber}$`,
    value,
    'an IPv4 address and a port, such as 172.31.240.11:3000',
    about,
  );
}

/** A host name or an IP address, and a port. */
export function hostAddress(about: string) {
  const pattern = `^([A-Za-z0-9][A-Za-z0-9._-]{0,252}|\\[[0-9A-Fa-f:]{2,39}\\]):${portNumber}$`;
  return optional(matching(pattern), {
    expected: 'a host and a port, such as health_prober:8085',
    about,
    check: { pattern },
  });
}

export function subnetPrefix(value: string, about: string) {
  return patternField(
    `^${octet}(\\.${octet}){2}$`,
    value,
    'the first three numbers of a private IPv4 network, such as 172.31.240',
    about,
  );
}

export function stackPrefix(about: string) {
  const pattern = '^[a-z0-9][a-z0-9_-]{0,40}$';
  return optional(matching(pattern), {
    expected: 'up to 41 lower-case letters, digits, _ and -, starting with a letter or digit',
    about,
    check: { pattern },
  });
}

/** A sysctl of a network namespace. */
export function sysctl(value: string, about: string) {
  return patternField(
    '^net[.][a-z0-9_.]{1,60}=[0-9]{1,9}$',
    value,
    'a sysctl such as net.ipv4.tcp_migrate_req=1',
    about,
  );
}

/** A memory limit in Docker's notation. */
export function memory(value: string, about: string) {
  return patternField('^[1-9][0-9]{0,6}[kmg]$', value, 'a size such as 512m or 1g', about);
}

/** An image reference; Docker checks the details. */
export function image(value: string, about: string) {
  return patternField(imagePattern, value, imageExpected, about);
}

export function optionalImage(about: string) {
  return optional(matching(imagePattern), { expected: imageExpected, about, check: { pattern: imagePattern } });
}

const imagePattern = '^[a-z0-9][A-Za-z0-9._:/@-]{0,250}$';
const imageExpected = 'an image reference such as registry.example/app:1.2';

/** The `X-Release-Id` headers that the edge accepts. */
export const releasePattern = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/;

export function release(value: string, about: string) {
  return patternField(
    releasePattern.source,
    value,
    'up to 64 letters, digits and . _ + -, starting with a letter or digit',
    about,
  );
}

export function freeText(about: string) {
  const schema = z
    .string()
    .max(200)
    .regex(/^[^\p{Cc}]*$/u);
  return optional(schema, { expected: 'one line of at most 200 characters', about });
}

/** The path of a file that the edge reads, with the check that a shell can make. */
export function secretPath(about: string) {
  const pattern = '^[A-Za-z0-9 ._@/+~=,-]+$';
  return optional(matching(pattern), {
    expected: 'the path of a file, of letters, digits, spaces and . _ @ / + ~ = , -',
    about,
    check: { pattern },
  });
}

export function filePath(about: string) {
  return optional(z.string().min(1).max(4096), { expected: 'the path of a file', about });
}

export function directory(value: string, about: string) {
  return withDefault(z.string().min(1).max(4096), value, { expected: 'the path of a directory', about });
}

/** The name of a person or a pipeline. */
export function actor(about: string) {
  const schema = z.string().regex(/^[^"\\\p{Cc}]{1,100}$/u);
  return optional(schema, { expected: 'up to 100 characters without quotes and backslashes', about });
}

const webAddress = z.string().refine(isWebUrl);
const urlExpected = 'an http:// or https:// URL';

export function webUrl(value: string, about: string) {
  return withDefault(webAddress, value, { expected: urlExpected, about });
}

export function httpUrl(about: string) {
  return optional(webAddress, { expected: urlExpected, about });
}

/** A URL that grants access to whoever has it. */
export function secretUrl(about: string) {
  return optional(webAddress, { expected: urlExpected, about, secret: true });
}

/** Alert channels. Each fault names the entry, because the list is long and its text is secret. */
export function channelList(about: string) {
  const schema = z
    .string()
    .max(20_000)
    .transform((list, context) => {
      const { channels, faults } = parseChannels(list);
      for (const message of faults) context.addIssue({ code: 'custom', message, params: { complete: true } });
      return channels;
    });
  return optional(schema, { expected: 'kind=url entries, separated by spaces or commas', about, secret: true });
}

export function secretText(minChars: number, about: string) {
  return optional(z.string().min(minChars).max(1_000), {
    expected: `at least ${minChars} characters`,
    about,
    secret: true,
  });
}

/** A secret that is used as part of a file name. */
export function token(about: string) {
  const pattern = '^[A-Za-z0-9_-]{16,128}$';
  return optional(matching(pattern), {
    expected: '16 to 128 letters, digits, _ and -',
    about,
    secret: true,
    check: { pattern },
  });
}

export function command(about: string) {
  return optional(z.string().max(4_000), { expected: 'a shell command', about });
}

/** A proxy, possibly with a user name and a password. As with curl, `http://` may be left out. */
export function proxyUrl(about: string) {
  const schema = z
    .string()
    .transform((value) => (value.includes('://') ? value : `http://${value}`))
    .pipe(webAddress);
  return optional(schema, { expected: urlExpected, about, secret: true });
}

export function hostList(about: string) {
  const schema = z.string().regex(/^[A-Za-z0-9.:*_,/[\] -]{1,4000}$/);
  return optional(schema, { expected: 'host names, separated by commas', about });
}
