import { byId, make } from './elements.js';
import { moment, span } from './time.js';

/** @typedef {import('../watcher/dashboard-report.ts').WatcherReport} WatcherReport */

/** @type {Map<string, { readonly value: HTMLElement, readonly row: HTMLElement }>} */
const rows = new Map();

/**
 * @param {WatcherReport} watcher
 * @param {number} nowMs the watcher's clock
 */
export function showWatcher(watcher, nowMs) {
  const { state, catchingUp, lagBytes, lines, lastLineMs, rotations, truncations, gaps, rejects, checkpoint } = watcher;
  const states = {
    waiting: 'waiting for the access log',
    reading: catchingUp ? 'catching up' : 'following',
    draining: 'reading a rotated log to its end',
    failing: `cannot be read: ${watcher.fault}`,
  };
  row('Access log', states[state], state === 'failing');
  row('Lag', bytes(lagBytes), lagBytes > 1_000_000);
  row('Lines read', lines.toLocaleString('en'));
  row('Last line', lastLineMs === null ? 'none yet' : `${moment(lastLineMs)}, ${span(nowMs - lastLineMs)} ago`);
  row('Rotations', `${rotations}${truncations > 0 ? `, ${truncations} truncations` : ''}`);
  row('Lines rejected', rejectsOf(watcher), rejects > 0);
  row('Logs lost', gaps === 0 ? 'none' : String(gaps), gaps > 0);
  row('Saved', savedOf(checkpoint), checkpoint.fault !== null);
  for (const channel of watcher.channels) {
    const { name, sent, queued, dropped, lastError } = channel;
    const error = channel.state === 'open' || lastError === null ? '' : ` – ${lastError}`;
    row(
      `Alerts to ${name}`,
      `${sent} sent, ${queued} waiting, ${dropped} failed${error}`,
      channel.state !== 'open' || dropped > 0,
    );
  }
  if (watcher.channels.length === 0) row('Alerts', 'to the log only: no channel is set');
  row('Running', `${watcher.version}, for ${span(nowMs - watcher.startedMs)}`);
}

/**
 * @param {string} label
 * @param {string} text
 * @param {boolean} isBad
 */
function row(label, text, isBad = false) {
  let known = rows.get(label);
  if (known === undefined) {
    const value = make('dd');
    known = { value, row: make('div', '', make('dt', '', label), value) };
    rows.set(label, known);
    byId('watcher').append(known.row);
  }
  const words = isBad ? `▲ ${text}` : text;
  if (known.value.textContent !== words) known.value.textContent = words;
  known.row.toggleAttribute('data-bad', isBad);
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
