import { byId, make, setText } from './elements.js';
import { moment, span } from './time.js';

/** @typedef {import('../report/dashboard.ts').WatcherReport} WatcherReport */

/** @typedef {{ readonly label: string, readonly text: string, readonly isBad: boolean }} Line */

/** @type {Map<string, { readonly value: HTMLElement, readonly row: HTMLElement }>} */
const rows = new Map();
let shownLabels = '';

/**
 * @param {WatcherReport} watcher
 * @param {number} nowMs the watcher's clock
 */
export function showWatcher(watcher, nowMs) {
  const lines = linesOf(watcher, nowMs);
  const elements = lines.map(row);
  const labels = lines.map(({ label }) => label).join('\n');
  if (labels !== shownLabels) byId('watcher').replaceChildren(...elements);
  shownLabels = labels;
}

/**
 * @param {WatcherReport} watcher
 * @param {number} nowMs
 * @returns {Line[]}
 */
function linesOf(watcher, nowMs) {
  const { state, catchingUp, lagBytes, lines, lastLineMs, rotations, truncations, gaps, rejects, checkpoint } = watcher;
  const states = {
    waiting: 'waiting for the access log',
    reading: catchingUp ? 'catching up' : 'following',
    draining: 'reading a rotated log to its end',
    failing: `cannot be read: ${watcher.fault}`,
  };
  const channels = watcher.channels.map(({ name, state, sent, queued, dropped, lastError }) => {
    const error = state === 'open' || lastError === null ? '' : ` – ${lastError}`;
    const text = `${sent} sent, ${queued} waiting, ${dropped} failed${error}`;
    return line(`Alerts to ${name}`, text, state !== 'open' || dropped > 0);
  });
  return [
    line('Access log', states[state], state === 'failing'),
    line('Lag', bytes(lagBytes), lagBytes > 1_000_000),
    line('Lines read', lines.toLocaleString('en')),
    line('Last line', lastLineMs === null ? 'none yet' : `${moment(lastLineMs)}, ${span(nowMs - lastLineMs)} ago`),
    line('Rotations', `${rotations}${truncations > 0 ? `, ${truncations} truncations` : ''}`),
    line('Lines rejected', rejectsOf(watcher), rejects > 0),
    line('Logs lost', gaps === 0 ? 'none' : String(gaps), gaps > 0),
    line('Saved', savedOf(checkpoint), checkpoint.fault !== null),
    ...channels,
    ...(channels.length === 0 ? [line('Alerts', 'to the log only: no channel is set')] : []),
    line('Running', `${watcher.version}, for ${span(nowMs - watcher.startedMs)}`),
  ];
}

/**
 * @param {string} label
 * @param {string} text
 * @returns {Line}
 */
function line(label, text, isBad = false) {
  return { label, text, isBad };
}

/** @param {Line} line */
function row({ label, text, isBad }) {
  let known = rows.get(label);
  if (known === undefined) {
    const value = make('dd');
    known = { value, row: make('div', '', make('dt', '', label), value) };
    rows.set(label, known);
  }
  setText(known.value, isBad ? `▲ ${text}` : text);
  known.row.toggleAttribute('data-bad', isBad);
  return known.row;
}

/** @param {WatcherReport} watcher */
function rejectsOf({ rejects, rejectReasons }) {
  if (rejects === 0) return 'none';
  return `${rejects} (${rejectReasons.map(([reason, count]) => `${reason} ${count}`).join(', ')})`;
}

/** @param {WatcherReport['checkpoint']} checkpoint */
function savedOf({ fault, lastWrittenMs }) {
  if (fault !== null) return `failing: ${fault}`;
  return lastWrittenMs === null ? 'not yet' : moment(lastWrittenMs);
}

/** @param {number} count */
function bytes(count) {
  if (count === 0) return 'none';
  return count < 1_000_000 ? `${Math.ceil(count / 1_000)} kB` : `${(count / 1_000_000).toFixed(1)} MB`;
}
