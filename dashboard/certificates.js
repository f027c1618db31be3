import { byId, make, quote } from './elements.js';
import { fullDay, moment, span, timeElement } from './time.js';

/** @typedef {import('../report/dashboard.ts').CertificateLine} CertificateLine */

const signs = { good: '✓', neutral: 'i', warning: '▲', bad: '✕' };
const dayMs = 24 * 60 * 60_000;
const nearMs = 2 * dayMs;
let shown = '';

/**
 * Shows each domain with the end of its certificate; nothing without HTTPS.
 * @param {readonly CertificateLine[]} certificates
 * @param {number} nowMs the watcher's clock
 */
export function showCertificates(certificates, nowMs) {
  byId('certificates-box').hidden = certificates.length === 0;
  const lines = certificates.map((one) => ({ ...one, until: untilText(one, nowMs) }));
  const text = JSON.stringify(lines);
  // A text that is selected stays selected.
  if (text === shown) return;
  shown = text;
  byId('certificates').replaceChildren(...lines.map(item));
}

/** @param {CertificateLine & { readonly until: string }} line */
function item({ domain, tone, words, failure, until, nextAttemptMs }) {
  const sign = make('span', 'sign', signs[tone]);
  sign.ariaHidden = 'true';
  const body = make('div', '', make('h3', '', domain), make('p', 'state', `${until}${until && ', '}${words}`));
  if (failure !== null) body.append(make('p', 'failure', quote(failure)));
  if (failure !== null && nextAttemptMs !== null) {
    body.append(make('p', 'state', 'Next attempt: ', timeElement(nextAttemptMs)));
  }
  const entry = make('li', '', sign, body);
  entry.dataset.tone = tone;
  return entry;
}

/**
 * How long a self-signed certificate is valid means nothing.
 * @param {CertificateLine} certificate
 * @param {number} nowMs
 */
function untilText({ source, notAfterMs }, nowMs) {
  if (source === 'self-signed') return '';
  const leftMs = notAfterMs - nowMs;
  const date = Math.abs(leftMs) < nearMs ? moment(notAfterMs) : fullDay(notAfterMs);
  if (leftMs <= 0) return `until ${date}`;
  return `until ${date} (${leftMs < nearMs ? span(leftMs) : `${Math.round(leftMs / dayMs)} days`})`;
}
