import { showAlerts } from './alerts.js';
import { showCertificates } from './certificates.js';
import { markAt } from './chart-marks.js';
import { Charts } from './charts.js';
import { byId, setText } from './elements.js';
import { showOverview, showRate, showStale } from './overview.js';
import { showReleases } from './releases.js';
import { noColumns, Series, windowMs } from './series.js';
import { follow } from './stream.js';
import { clock, latency, moment, zone } from './time.js';
import { showWatcher } from './watcher.js';

/** @typedef {import('../report/dashboard.ts').DashboardEvents} Events */

const minuteMs = 60_000;
const secondsShownMs = 15 * minuteMs;

const seconds = new Series(1_000, (secondsShownMs + windowMs) / 1_000);
const minutes = new Series(minuteMs, 24 * 60 + windowMs / minuteMs);
const scrub = /** @type {HTMLInputElement} */ (byId('scrub'));
const live = /** @type {HTMLButtonElement} */ (byId('live'));

let rangeMs = secondsShownMs;
/** @type {Events['state']['now'] | undefined} */
let now;
/** @type {Events['state']['chronicle']} */
let chronicle = { marks: [], releases: [], alerts: [] };
let nowMs = 0;
/** The version of the watcher that served this page. @type {string | undefined} */
let version;
/** The time of the point whose figures are shown; null for the newest. @type {number | null} */
let pointedMs = null;
/** Whether the mouse or a finger points at it. */
let isPointedAt = false;
let isDrawn = false;
let shown = noColumns();

const charts = new Charts((chart, index) => {
  const at = index === null ? undefined : shown.time[index];
  // The mouse leaves, or the page moves under it: the point chosen with the slider stays.
  if (at === undefined && !isPointedAt) return charts.point(pointedMs);
  isPointedAt = at !== undefined;
  pointedMs = at === undefined ? null : at * 1_000;
  const mark = index === null ? undefined : markAt(chart, chronicle.marks, chart.cursor.left ?? -1);
  showFigures(mark === undefined ? '' : ` · ${moment(mark.atMs)}: ${mark.text}`);
});

follow({
  state(state) {
    seconds.replace(state.series.seconds);
    minutes.replace(state.series.minutes);
    take(state.atMs, state.now, state.chronicle);
    draw();
  },
  tick({ atMs, now: next, series, chronicle: changed }) {
    if (series !== null) {
      seconds.update(series.seconds);
      minutes.update(series.minutes);
    }
    take(atMs, next, changed);
    if (series !== null || changed !== null) draw();
  },
  silent: showStale,
});

setText('zone', `Times are of your zone, ${zone}.`);
for (const input of document.querySelectorAll('input[name="range"]')) {
  input.addEventListener('change', (event) => {
    rangeMs = Number(/** @type {HTMLInputElement} */ (event.target).value) * minuteMs;
    pointedMs = null;
    charts.point(null);
    draw();
  });
}
scrub.addEventListener('input', () => {
  const { fromMs, stepMs } = view();
  const isNewest = scrub.value === scrub.max;
  pointedMs = isNewest ? null : fromMs + Number(scrub.value) * stepMs;
  isPointedAt = false;
  charts.point(pointedMs);
  showFigures();
});
live.addEventListener('click', () => {
  pointedMs = null;
  charts.point(null);
  showFigures();
});
// A hidden page is not drawn.
document.addEventListener('visibilitychange', () => {
  if (!document.hidden && !isDrawn) draw();
});

/**
 * @param {number} atMs
 * @param {Events['state']['now']} next
 * @param {Events['state']['chronicle'] | null} changed
 */
function take(atMs, next, changed) {
  version ??= next.watcher.version;
  // The watcher has another version now, so its page may differ too.
  if (version !== next.watcher.version) location.reload();
  now = next;
  nowMs = atMs;
  showOverview(now, nowMs);
  showCertificates(now.certificates, nowMs);
  showWatcher(now.watcher, nowMs);
  if (changed === null) return;
  chronicle = changed;
  showAlerts(chronicle.alerts);
  showReleases(chronicle.releases);
}

/** The series and the time range that the charts show. */
function view() {
  const series = rangeMs <= secondsShownMs ? seconds : minutes;
  const { stepMs } = series;
  const untilMs = series.newest === null ? nowMs : series.untilMs;
  return { series, stepMs, fromMs: untilMs - rangeMs, untilMs };
}

function columns() {
  return view().series.columns(rangeMs, nowMs, now?.windowSize ?? 1);
}

function draw() {
  if (now === undefined) return;
  isDrawn = !document.hidden;
  if (!isDrawn) return;
  shown = columns();
  const { fromMs, untilMs, stepMs } = view();
  charts.show({ columns: shown, fromMs, untilMs, thresholdPercent: now.thresholdPercent, marks: chronicle.marks });
  if (pointedMs !== null) charts.point(pointedMs);
  scrub.max = String(rangeMs / stepMs - 1);
  showFigures();
}

/** @param {string} more text to add to the time */
function showFigures(more = '') {
  const { fromMs, stepMs } = view();
  const newest = shown.time.length - 1;
  const isLive = pointedMs === null;
  const index =
    pointedMs === null ? newest : shown.time.findIndex((at) => Math.abs(at * 1_000 - (pointedMs ?? 0)) < stepMs / 2);
  live.disabled = isLive;
  scrub.value = pointedMs === null ? scrub.max : String(Math.round((pointedMs - fromMs) / stepMs));
  const when = pointedMs === null ? '' : clock(pointedMs);
  setText('moment', when + more);
  const blue = each('value-blue', shown.blue[index], perSecond);
  const green = each('value-green', shown.green[index], perSecond);
  const none = each('value-none', shown.none[index], perSecond);
  const failed = each('value-failed', shown.failed[index], percent);
  const lost = each('value-lost', shown.lost[index], percent);
  const p50 = each('value-p50', shown.p50[index], latency);
  const p99 = each('value-p99', shown.p99[index], latency);
  if (now !== undefined) {
    setText('value-threshold', `${now.thresholdPercent}%`);
    setText('errors-title', `Failed of the last ${now.windowSize} requests`);
  }
  showRate(seconds.newest === null ? 'none yet' : perSecond(seconds.newest));
  byId('plot-requests').ariaLabel = `Requests a second: blue ${blue}, green ${green}, no pool ${none}`;
  byId('plot-errors').ariaLabel = `Failed requests: in a pool ${failed}, for visitors ${lost}`;
  byId('plot-latency').ariaLabel = `Time to the first byte: p50 ${p50}, p99 ${p99}`;
  scrub.ariaValueText = `${isLive ? 'now' : when}: blue ${blue}, green ${green} requests a second, ${failed} failed in a pool, ${lost} for visitors, p99 ${p99}`;
}

/**
 * @param {string} id
 * @param {number | null | undefined} value
 * @param {(value: number) => string} format
 */
function each(id, value, format) {
  const text = value === null || value === undefined ? '–' : format(value);
  setText(id, text);
  return text;
}

/** @param {number} value */
function perSecond(value) {
  return value.toLocaleString('en', { maximumFractionDigits: value > 0 && value < 10 ? 1 : 0 });
}

/** @param {number} value */
function percent(value) {
  return `${value.toFixed(value > 0 && value < 10 ? 2 : 0)}%`;
}
