import { byId, make, quote } from './elements.js';
import { timeElement } from './time.js';

/** @typedef {import('../report/dashboard.ts').ReleaseReport} ReleaseReport */

const shown = 10;
const letters = { blue: 'B', green: 'G' };

/** @param {readonly ReleaseReport[]} releases newest first */
export function showReleases(releases) {
  byId('no-releases').hidden = releases.length > 0;
  byId('releases').replaceChildren(...releases.slice(0, shown).map(item));
}

/** @param {ReleaseReport} report */
function item({ atMs, pool, what, tone, release, actor }) {
  const mark = make('span', 'pool', letters[pool]);
  mark.dataset.pool = pool;
  mark.ariaHidden = 'true';
  const name = release === null ? make('span', '', pool) : quote(release);
  const words = make('p', 'what', `${pool}: ${what}`);
  if (actor !== null) words.append(', by ', quote(actor));
  const entry = make('li', '', mark, make('div', '', make('p', 'release', name), words), timeElement(atMs));
  entry.dataset.tone = tone;
  return entry;
}
