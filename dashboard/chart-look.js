import { clock, clockMinute, day } from './time.js';

const names = /** @type {const} */ ({
  blue: '--blue',
  green: '--green',
  greenStripe: '--green-stripe',
  none: '--none',
  ink: '--ink',
  muted: '--muted',
  rule: '--rule',
  panel: '--panel',
  failed: '--warning',
  failedFill: '--warning-fill',
  lost: '--failed',
});

/** @typedef {Record<keyof typeof names, string>} Palette */

/** @type {Palette} */
export const palette = { ...names };

/** Reads the colors from the style sheet; again when the color scheme changes. */
export function readPalette() {
  const style = getComputedStyle(document.documentElement);
  for (const [key, name] of Object.entries(names))
    palette[/** @type {keyof Palette} */ (key)] = style.getPropertyValue(name).trim();
}

/** A hatched fill for green, so that the pools can be told apart without color vision. */
export function greenFill() {
  const size = 8;
  const tile = document.createElement('canvas');
  tile.width = size;
  tile.height = size;
  const context = tile.getContext('2d');
  if (context === null) return palette.green;
  context.fillStyle = palette.green;
  context.fillRect(0, 0, size, size);
  context.strokeStyle = palette.greenStripe;
  context.lineWidth = 1.5;
  context.beginPath();
  for (const shift of [-size, 0, size]) {
    context.moveTo(shift, size);
    context.lineTo(shift + size, 0);
  }
  context.stroke();
  return context.createPattern(tile, 'repeat') ?? palette.green;
}

const font = '12px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';
const minutes = 60;

/**
 * @param {boolean} labelled
 * @returns {uPlot.Axis}
 */
export function timeAxis(labelled) {
  return {
    stroke: () => palette.muted,
    font,
    size: labelled ? 30 : 8,
    space: 76,
    grid: { stroke: () => palette.rule, width: 1 },
    ticks: { show: false },
    incrs: [1, 5, 10, 30, 60, 120, 300, 600, 900, 1800, 3600, 2 * 3600, 3 * 3600, 4 * 3600, 6 * 3600, 12 * 3600],
    values: (_chart, splits, _index, _space, step) =>
      labelled ? splits.map((at) => timeLabel(at, step)) : splits.map(() => ''),
  };
}

/**
 * @param {(value: number) => string} label
 * @returns {uPlot.Axis}
 */
export function valueAxis(label) {
  return {
    stroke: () => palette.muted,
    font,
    size: 52,
    gap: 6,
    space: 26,
    grid: { stroke: () => palette.rule, width: 1 },
    ticks: { show: false },
    // On a logarithmic axis, uPlot passes null for labels that would be too close.
    values: (_chart, splits) => splits.map((value) => (value === null ? '' : label(value))),
  };
}

/**
 * @param {number} at seconds
 * @param {number} step seconds between two labels
 */
function timeLabel(at, step) {
  const ms = at * 1_000;
  if (step < minutes) return clock(ms);
  return new Date(ms).getHours() === 0 && new Date(ms).getMinutes() === 0 ? day(ms) : clockMinute(ms);
}
