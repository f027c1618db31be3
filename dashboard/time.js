const clockFormat = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });
const minuteFormat = new Intl.DateTimeFormat('en-GB', { timeStyle: 'short' });
const dayFormat = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const fullDayFormat = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium' });
const fullFormat = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'long' });

export const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** @param {number} ms such as 03:12:05, in the reader's zone */
export const clock = (ms) => clockFormat.format(ms);
/** @param {number} ms such as 03:12 */
export const clockMinute = (ms) => minuteFormat.format(ms);
/** @param {number} ms such as 23 Nov */
export const day = (ms) => dayFormat.format(ms);

/** @param {number} ms such as 23 Nov 2026 */
export const fullDay = (ms) => fullDayFormat.format(ms);

/**
 * A moment, with its day if that is not today.
 * @param {number} ms
 */
export function moment(ms) {
  return day(ms) === day(Date.now()) ? clock(ms) : `${day(ms)}, ${clockMinute(ms)}`;
}

/**
 * A `time` element, with everything about the moment in its title.
 * @param {number} ms
 */
export function timeElement(ms) {
  const time = document.createElement('time');
  time.dateTime = new Date(ms).toISOString();
  time.title = fullFormat.format(ms);
  time.textContent = moment(ms);
  return time;
}

/**
 * Such as `<1 ms`, `45 ms`, `3.0 s`.
 * @param {number} ms
 */
export function latency(ms) {
  if (ms < 1_000) return ms <= 1 ? '≤1\u00a0ms' : `${Math.round(ms)}\u00a0ms`;
  return `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)}\u00a0s`;
}

/**
 * Such as `14 s`, `5 min`, `2 h 4 min`, `3 days`.
 * @param {number} ms
 */
export function span(ms) {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 60) return `${seconds}\u00a0s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}\u00a0min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours}\u00a0h${minutes % 60 === 0 ? '' : ` ${minutes % 60}\u00a0min`}`;
  return `${Math.floor(hours / 24)}\u00a0days`;
}
