import { accessLine, reroutedLine } from './access-lines.ts';
import type { Random } from './random.ts';

/** Escapes as nginx does with `escape=default`: quotes, backslashes and everything but printable ASCII become \xHH. */
export function escaped(text: string): string {
  return text.replaceAll(/[^ !#-[\]-~]/g, (char) => `\\x${(char.charCodeAt(0) & 0xff).toString(16).toUpperCase()}`);
}

const forgeries = [
  'x" pool=green active=green upstream_status="500',
  'pool=green active=green status=500',
  '\\x22 pool=green active=green msec=1.000 upstream_status=\\x22502',
  '"\npool=green active=green upstream_status="200" status=200 msec=1763856000.000 request_time=0.001\n',
  '\\" pool="green" active="green" \\"',
  'a, 502 : 500, 200',
  '=',
  '" "',
  '\\',
  "' OR 1=1 --",
  '$pool %24pool {pool} %s',
  '<!channel>',
];
const numbers = [
  ...[
    '-1',
    '-0.001',
    '1e309',
    'NaN',
    'Infinity',
    '0x10',
    '99999999999999999999.000',
    '1.5',
    '0.0000',
    '.001',
    '+1.000',
  ],
  ...['1763856000', '9007199254740993.000', '1,000', '٣.000', '', '-', ' ', '0.00 1'],
];
const others = [
  '10.0.0.1 - - [23/Nov/2025:00:00:00 +0000] "GET / HTTP/1.1" 200 57 "-" "curl/8"',
  '{"pool":"green","active":"green","status":200,"msec":1763856000.123}',
  'time=2025-11-23T00:00:00Z level=info msg="pool=green active=green"',
  '2025/11/23 00:00:00 [error] 7#7: *1 connect() failed (111: Connection refused) while connecting to upstream',
  'pool=green',
  'pool=green active=green status=500 msec=1763856000.000 request_time=0.001',
  '<14>Nov 23 00:00:00 host nginx: pool=green active=green',
  '\u0000'.repeat(40),
  '\ufeffpool=green active=green',
  '=====',
  ' ',
  '',
];

function oneOf<T>(random: Random, list: readonly [T, ...T[]] | readonly T[]): T {
  const one = list[Math.floor(random() * list.length)];
  if (one === undefined) throw new Error('an empty list');
  return one;
}

function bytes(random: Random, length: number): string {
  let text = '';
  for (let at = 0; at < length; at++) text += String.fromCharCode(Math.floor(random() * 256));
  return text;
}

/** The same line with hostile values in the fields that a client controls, as the edge logs them. */
export function forged(random: Random, line: string): string {
  const hostile = () => escaped(random() < 0.7 ? oneOf(random, forgeries) : bytes(random, Math.floor(random() * 60)));
  return line
    .replace(/ uri="[^"]*"/, () => ` uri="/${hostile()}"`)
    .replace(/ user_agent="[^"]*"/, () => ` user_agent="${hostile()}"`);
}

/** A line that the edge did not write, or a broken one. To a careless parser, it says that green is active or serves. */
export function brokenLine(random: Random, startMs: number): string {
  const lie = random() < 0.5 ? reroutedLine({ startMs }) : accessLine({ startMs, active: 'green', status: 500 });
  const between = (from: number, to: number) => from + Math.floor(random() * (to - from));
  switch (Math.floor(random() * 10)) {
    case 0:
      return oneOf(random, others);
    case 1:
      return bytes(random, Math.floor(random() * 300)).replaceAll('\n', ' ');
    // Torn before its time is complete, or in the last value.
    case 2:
      return lie.slice(0, between(0, random() < 0.9 ? lie.indexOf(' method=') : 0) || lie.length - 1);
    // Its beginning is lost.
    case 3:
      return lie.slice(between(1, lie.indexOf('"')));
    // Torn, and joined to a whole one.
    case 4:
      return `${lie.slice(0, between(lie.indexOf(' active=') + 8, lie.length))}${lie}`;
    case 5:
      return lie.replace(/request_time=[\d.]+/, () => `request_time=${oneOf(random, numbers)}`);
    case 6:
      return lie.replace(/msec=[\d.]+/, () => `msec=${oneOf(random, numbers)}`);
    case 7:
      return lie.replace(/ status=\d+/, () => ` status=${oneOf(random, numbers)}`);
    case 8:
      return `${lie} pool=green active=green`;
    default:
      return lie.replace('pool=', () =>
        oneOf(random, ['pool=red', 'POOL=', 'pool =', '"pool=', 'pool', 'pool=="', ' pool=']),
      );
  }
}
