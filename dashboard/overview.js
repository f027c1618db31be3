import { byId, make, quote, setText } from './elements.js';
import { clock, clockMinute, moment, span } from './time.js';

/** @typedef {import('../report/dashboard.ts').Now} Now */
/** @typedef {import('../report/dashboard.ts').Problem} Problem */

/** So that the tone is not conveyed by color alone. */
const signs = { good: '✓', neutral: 'i', warning: '▲', bad: '✕' };
const longWord = 6;
const capital = (/** @type {string} */ word) => word.charAt(0).toUpperCase() + word.slice(1);

let announced = '';
let shownProblems = '';

/**
 * Shows the statement, the problems and the facts below them.
 * @param {Now} now
 * @param {number} nowMs the watcher's clock
 */
export function showOverview(now, nowMs) {
  const { statement, problems, pools } = now;
  document.body.dataset.tint = statement.tint;
  document.body.dataset.tone = statement.tone;
  setText('kicker', kickerOf(now));
  setText('word', statement.word);
  byId('word').toggleAttribute('data-long', statement.word.length > longWord);
  byId('word').toggleAttribute('data-deep', /[gjpqy]/.test(statement.word));
  const since =
    statement.sinceMs === null ? '' : ` Since ${moment(statement.sinceMs)}, ${span(nowMs - statement.sinceMs)}.`;
  setText('sentence', statement.sentence + since);

  const isAllWell = problems.length === 0 && statement.tone === 'good';
  byId('headline').hidden = !isAllWell;
  setText('headline', isAllWell ? `${signs.good} All well` : '');
  showProblems(problems);
  showFacts(now);
  showTab(now, pools.blue.role === null);
  announce(now);
}

/**
 * @param {string} text
 */
export function showRate(text) {
  setText('rate', text);
}

/**
 * @param {number | null} silentMs how long the watcher has sent nothing; null if the page is live
 * @param {boolean} isFull whether the watcher has rejected this page because too many are open
 */
export function showStale(silentMs, isFull) {
  const isStale = silentMs !== null;
  document.body.toggleAttribute('data-stale', isStale);
  byId('stale').hidden = !isStale;
  if (!isStale) {
    setText('pulse', 'Live');
    announced = '';
    return;
  }
  setText('pulse', 'Not live');
  setText(
    'stale',
    isFull
      ? 'Not live: too many pages are open. Close one of this dashboard, here or elsewhere, and this one comes back.'
      : `Not live: the watcher has said nothing for ${span(silentMs)}, since ${clock(Date.now() - silentMs)}. Below is what was last known.`,
  );
  document.title = 'Not live · bluegreen';
  icon('unknown');
  if (announced !== 'stale') setText('announcement', 'Not live. The watcher does not answer.');
  announced = 'stale';
}

/** @param {Now} now */
function kickerOf({ statement, pools, deploy }) {
  const { tint } = statement;
  const isPool = tint === 'blue' || tint === 'green';
  if (isPool && pools[tint].role === 'standby') return 'Failover';
  if (deploy !== null) return `Deploying ${deploy.release} to ${deploy.pool}`;
  return isPool ? 'Active' : 'Now';
}

/** @param {readonly Problem[]} problems */
function showProblems(problems) {
  const text = JSON.stringify(problems);
  if (text === shownProblems) return;
  shownProblems = text;
  byId('problems').replaceChildren(
    ...problems.map((problem) => {
      const sign = make('span', 'sign', signs[problem.tone]);
      sign.ariaHidden = 'true';
      const item = make('li', '', sign, make('span', '', problem.text));
      item.dataset.tone = problem.tone;
      const words = item.lastElementChild;
      if (problem.detail !== null) words?.append(' – ', quote(problem.detail));
      if (problem.sinceMs !== null) words?.append(`, since ${moment(problem.sinceMs)}`);
      return item;
    }),
  );
}

/** @param {Now} now */
function showFacts({ pools, canary, mutedUntilMs, maintenanceMode }) {
  const active = pools.green.role === 'active' ? 'green' : 'blue';
  const standby = active === 'blue' ? 'green' : 'blue';
  byId('facts').hidden = pools[active].role === null;
  setText('active-label', `Active: ${active}`);
  setText('active-release', pools[active].release ?? 'release not seen yet');
  const { healthy, cause, release } = pools[standby];
  const state =
    healthy === null
      ? 'health not known'
      : healthy
        ? `${signs.good} healthy`
        : `${signs.bad} unhealthy${cause === null ? '' : ` (${cause})`}`;
  setText('standby', `${capital(standby)} ${state}`);
  setText('standby-release', release ?? '');
  const notes = [
    canary === null ? undefined : `canary: ${canary.percent}% of the visitors → ${canary.pool}`,
    mutedUntilMs === null ? undefined : `alerts muted until ${clockMinute(mutedUntilMs)}`,
    maintenanceMode ? 'failover alerts held back (MAINTENANCE_MODE)' : undefined,
  ].filter((note) => note !== undefined);
  byId('notes-box').hidden = notes.length === 0;
  setText('notes', notes.join(', '));
}

/**
 * Shows the statement in the title and the icon of the tab.
 * @param {Now} now
 * @param {boolean} isEmpty
 */
function showTab({ statement, problems }, isEmpty) {
  const verdict = isEmpty ? '' : problems.length === 0 ? ' · all well' : ` · ${problems[0]?.text}`;
  const title = `${statement.word}${verdict}`;
  if (document.title !== title) document.title = title;
  const { tone, tint } = statement;
  if (tone === 'bad' || tone === 'warning') icon(tone);
  else icon(tint === 'blue' || tint === 'green' ? tint : 'unknown');
}

/** @param {'blue' | 'green' | 'warning' | 'bad' | 'unknown'} name */
function icon(name) {
  const link = /** @type {HTMLLinkElement} */ (byId('icon'));
  const href = `/dashboard/icon-${name}.svg`;
  if (link.getAttribute('href') !== href) link.setAttribute('href', href);
}

/**
 * Announces the statement to screen readers when it changes; a changed figure in it does not count.
 * @param {Now} now
 */
function announce({ statement, problems }) {
  const key = [statement.word, statement.tone, ...problems.map(({ text }) => text.replaceAll(/[\d.]+/g, ''))].join();
  if (key === announced) return;
  announced = key;
  const verdict = problems.length === 0 ? 'All well.' : `${problems.map(({ text }) => text).join('. ')}.`;
  setText('announcement', `${statement.word} ${statement.sentence} ${verdict}`);
}
