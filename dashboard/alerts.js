import { byId, make, quote } from './elements.js';
import { timeElement } from './time.js';

/** @typedef {import('../report/dashboard.ts').AlertReport} AlertReport */

const shown = 20;
const signs = { good: '✓', neutral: 'i', warning: '▲', bad: '✕' };
const states = { waiting: 'waiting', sent: 'sent', failed: 'failed', unknown: 'not known' };

/** @param {readonly AlertReport[]} alerts newest first */
export function showAlerts(alerts) {
  byId('no-alerts').hidden = alerts.length > 0;
  byId('alerts').replaceChildren(...alerts.slice(0, shown).map(item));
}

/** @param {AlertReport} alert */
function item({ incident, tone, atMs, headline, summary, facts, delivery }) {
  const sign = make('span', 'sign', signs[tone]);
  sign.ariaHidden = 'true';
  const title = make('h3', '', headline);
  const about = make('p', 'about', timeElement(atMs), ...delivery.map(badge));
  if (delivery.length === 0) about.append(make('span', 'badge', 'in the log only'));
  about.append(make('span', 'incident', 'incident ', quote(incident)));
  const body = make('div', '', title, about, make('p', '', summary));
  if (facts.length > 0) body.append(make('dl', 'details', ...facts.map(detail)));
  const entry = make('li', '', sign, body);
  entry.dataset.tone = tone;
  return entry;
}

/** @param {AlertReport['delivery'][number]} delivery */
function badge({ channel, state }) {
  const element = make('span', 'badge', `${channel}: ${states[state]}`);
  element.dataset.state = state;
  return element;
}

/** @param {AlertReport['facts'][number]} fact */
function detail({ label, spans }) {
  const words = spans.map((span) => {
    if ('atMs' in span) return timeElement(span.atMs);
    return 'text' in span ? span.text : quote(span.code);
  });
  return make('div', '', make('dt', '', label), make('dd', '', ...words));
}
