import { secondsToMs, statusOf } from './bytes.ts';
import type { Attempt } from './event.ts';
import { type Key, keys, type Scanner } from './scan.ts';

const space = 0x20;
const comma = 0x2c;
const dash = 0x2d;
const colon = 0x3a;

/** An item of a list, as a range of bytes in the line. */
interface Item {
  readonly from: number;
  readonly to: number;
}

const absent: Item = { from: -1, to: -1 };

/** Reads the attempts from nginx's lists in a scanned line; undefined if a status is invalid. */
export function readAttempts(line: Scanner): readonly Attempt[] | undefined {
  const from = line.from(keys.upstreamStatus);
  const to = line.to(keys.upstreamStatus);
  if (to === from) return line.isSet(keys.upstreamAddr) ? readLists(line) : [];
  if (to - from !== 3) return readLists(line);
  const status = statusOf(line.bytes, from, to);
  if (status === undefined) return undefined;
  const time = keys.upstreamResponseTime;
  const header = keys.upstreamHeaderTime;
  return [
    {
      address: line.word(keys.upstreamAddr) ?? '',
      status,
      tookMs: secondsToMs(line.bytes, line.from(time), line.to(time)),
      headerMs: secondsToMs(line.bytes, line.from(header), line.to(header)),
      silent: line.has(header) && !line.isSet(header),
    },
  ];
}

function readLists(line: Scanner): readonly Attempt[] | undefined {
  const { bytes } = line;
  const addresses = itemsOf(line, keys.upstreamAddr);
  const times = itemsOf(line, keys.upstreamResponseTime);
  const headers = itemsOf(line, keys.upstreamHeaderTime);
  const headerTimesLogged = line.has(keys.upstreamHeaderTime);
  const attempts: Attempt[] = [];
  for (const [index, item] of itemsOf(line, keys.upstreamStatus).entries()) {
    const status = isNone(bytes, item) ? 0 : statusOf(bytes, item.from, item.to);
    if (status === undefined) return undefined;
    const address = addresses[index] ?? absent;
    const time = times[index] ?? absent;
    const header = headers[index] ?? absent;
    attempts.push({
      address: line.wordAt(address.from, address.to),
      status,
      tookMs: secondsToMs(bytes, time.from, time.to),
      headerMs: secondsToMs(bytes, header.from, header.to),
      silent: headerTimesLogged && isNone(bytes, header),
    });
  }
  return attempts;
}

/** nginx separates attempts by ", ", or by " : " if an internal redirect led to another upstream group. */
function itemsOf(line: Scanner, key: Key): Item[] {
  const { bytes } = line;
  const end = line.to(key);
  let from = line.from(key);
  if (from === end) return [absent];
  const items: Item[] = [];
  for (let at = from; at < end; at++) {
    const length = separatorAt(bytes, at, end);
    if (length === 0) continue;
    items.push({ from, to: at });
    from = at + length;
    at = from - 1;
  }
  items.push({ from, to: end });
  return items;
}

function separatorAt(bytes: Uint8Array, at: number, end: number): number {
  if (bytes[at] === comma && at + 1 < end && bytes[at + 1] === space) return 2;
  return bytes[at] === space && at + 2 < end && bytes[at + 1] === colon && bytes[at + 2] === space ? 3 : 0;
}

function isNone(bytes: Uint8Array, { from, to }: Item): boolean {
  return from < 0 || (to === from + 1 && bytes[from] === dash);
}
