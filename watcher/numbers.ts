const zero = 0x30;
const dot = 0x2e;

/** Digits only, at most 15 of them, so that the number is exact; undefined: anything else. */
export function wholeNumber(bytes: Uint8Array, from: number, to: number): number | undefined {
  if (to - from < 1 || to - from > 15) return undefined;
  let value = 0;
  for (let at = from; at < to; at++) {
    const digit = (bytes[at] ?? 0) - zero;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value;
}

/** A status, which is three digits; undefined: anything else. */
export function statusOf(bytes: Uint8Array, from: number, to: number): number | undefined {
  return to - from === 3 ? wholeNumber(bytes, from, to) : undefined;
}

/** nginx's seconds with three decimals, such as 0.045, in milliseconds without rounding; undefined: anything else. */
export function secondsToMs(bytes: Uint8Array, from: number, to: number): number | undefined {
  const point = to - 4;
  if (point < from + 1 || point > from + 11 || bytes[point] !== dot) return undefined;
  const seconds = wholeNumber(bytes, from, point);
  const thousandths = wholeNumber(bytes, point + 1, to);
  if (seconds === undefined || thousandths === undefined) return undefined;
  return seconds * 1_000 + thousandths;
}
