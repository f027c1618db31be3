// Preloaded with --import: shifts the clock by the milliseconds in the file that CLOCK_SHIFT names.
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
