import { palette } from './chart-look.js';

/** @typedef {import('../report/dashboard.ts').Mark} Mark */

/** The signs are above the chart, in two rows so that they do not cover each other. */
const signSize = 17;
const signRows = 2;
export const signRoom = signRows * (signSize + 1) + 4;
const reachPx = 9;

/** @type {Record<string, string>} */
const letters = {
  failover: 'F',
  recovery: 'R',
  flapping: 'F',
  'flapping-resolved': 'R',
  switch: 'S',
  outage: 'O',
  'outage-resolved': 'R',
  'standby-down': 'N',
  'standby-resolved': 'n',
  overload: 'V',
  'overload-resolved': 'v',
  'deploy-started': 'd',
  'deploy-finished': 'D',
  'deploy-failed': '✕',
  canary: 'C',
  'maintenance-on': 'M',
  'maintenance-off': 'm',
};

/**
 * Draws failovers, recoveries, switches and deploys as vertical lines.
 * @param {() => readonly Mark[]} marks
 * @param {boolean} signed draw a letter above each line
 * @returns {uPlot.Plugin}
 */
export function marksPlugin(marks, signed) {
  return {
    hooks: {
      draw: (chart) => {
        const { ctx: context, bbox } = chart;
        const ratio = devicePixelRatio;
        /** @type {number[]} */
        const taken = Array.from({ length: signRows }, () => Number.NEGATIVE_INFINITY);
        context.save();
        for (const mark of marks()) {
          const x = Math.round(chart.valToPos(mark.atMs / 1_000, 'x', true));
          if (x < bbox.left || x > bbox.left + bbox.width) continue;
          const color = colorOf(mark);
          context.strokeStyle = color;
          const isProblem = mark.tone === 'bad' || mark.tone === 'warning';
          context.lineWidth = isProblem ? 2 * ratio : ratio;
          context.setLineDash(isProblem ? [] : [3 * ratio, 3 * ratio]);
          context.beginPath();
          context.moveTo(x, bbox.top);
          context.lineTo(x, bbox.top + bbox.height);
          context.stroke();
          const row = taken.findIndex((end) => x - (signSize / 2) * ratio > end);
          if (!signed || row < 0) continue;
          taken[row] = x + (signSize / 2) * ratio;
          drawSign(context, mark, x, bbox.top - (row + 0.5) * (signSize + 1) * ratio - 2 * ratio, ratio, color);
        }
        context.restore();
      },
    },
  };
}

/**
 * The mark near a position on the chart; undefined if none is near enough.
 * @param {uPlot} chart
 * @param {readonly Mark[]} marks
 * @param {number} left
 */
export function markAt(chart, marks, left) {
  return marks.findLast(({ atMs }) => Math.abs(chart.valToPos(atMs / 1_000, 'x') - left) <= reachPx);
}

/** @param {Mark} mark */
function colorOf({ tone }) {
  return tone === 'bad' ? palette.lost : tone === 'warning' ? palette.failed : palette.ink;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Mark} mark
 * @param {number} x
 * @param {number} y
 * @param {number} ratio
 * @param {string} color
 */
function drawSign(context, { kind }, x, y, ratio, color) {
  const size = signSize * ratio;
  context.setLineDash([]);
  context.fillStyle = color;
  context.beginPath();
  context.roundRect(x - size / 2, y - size / 2, size, size, 4 * ratio);
  context.fill();
  context.fillStyle = palette.panel;
  context.font = `700 ${11.5 * ratio}px system-ui, sans-serif`;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.fillText(letters[kind] ?? '·', x, y + 0.5 * ratio);
}
