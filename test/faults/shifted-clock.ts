// Preloaded with --import: a clock that is as wrong as the file CLOCK_SHIFT says, in milliseconds.
import { readFileSync } from 'node:fs';

const path = process.env.CLOCK_SHIFT ?? '';
const trueNow = Date.now;
let shiftMs = 0;
let readAt = 0;

Date.now = () => {
  const now = trueNow();
  if (Math.abs(now - readAt) > 20) {
    readAt = now;
    shiftMs = Number(readFileSync(path, 'utf8')) || 0;
  }
  return now + shiftMs;
};
