import { greenFill, palette, readPalette, timeAxis, valueAxis } from './chart-look.js';
import { marksPlugin, signRoom } from './chart-marks.js';
import { byId } from './elements.js';
import { noColumns } from './series.js';
import { latency } from './time.js';

/** @typedef {import('../report/dashboard.ts').Mark} Mark */
/** @typedef {import('./series.js').Columns} Columns */

/**
 * The data of all charts.
 * @typedef {object} View
 * @property {Columns} columns
 * @property {number} fromMs
 * @property {number} untilMs
 * @property {number} thresholdPercent
 * @property {readonly Mark[]} marks
 */

/** @type {typeof import('uplot')} */
const UPlot = Reflect.get(globalThis, 'uPlot');
const rightRoom = 12;

/** Three charts with a common time axis. */
export class Charts {
  /** @type {View} */
  #view = {
    columns: noColumns(),
    fromMs: 0,
    untilMs: 1,
    thresholdPercent: 0,
    marks: [],
  };
  /** @type {readonly { readonly chart: uPlot, readonly box: HTMLElement, readonly data: () => uPlot.AlignedData }[]} */
  #charts;

  /** @param {(chart: uPlot, index: number | null) => void} pointed called when the mouse or a finger points at a point */
  constructor(pointed) {
    readPalette();
    this.#charts = [
      this.#make('plot-requests', requestsOptions(), true, pointed, () => stacked(this.#view.columns)),
      this.#make('plot-errors', this.#errorsOptions(), false, pointed, () => {
        const { time, failed, lost } = this.#view.columns;
        return [time, failed, lost];
      }),
      this.#make('plot-latency', latencyOptions(), false, pointed, () => {
        const { time, p99, p50 } = this.#view.columns;
        return [time, p99, p50];
      }),
    ];
    const resized = new ResizeObserver(() => this.#resize());
    for (const { box } of this.#charts) resized.observe(box);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      readPalette();
      for (const { chart } of this.#charts) chart.redraw(false, true);
    });
  }

  /** @param {View} view */
  show(view) {
    this.#view = view;
    // In one batch, so that a following `point` uses the new positions.
    for (const { chart, data } of this.#charts) chart.batch(() => chart.setData(data()));
  }

  /** @param {number | null} ms where all charts show their cursor; null hides it */
  point(ms) {
    for (const { chart } of this.#charts) {
      chart.setCursor({ left: ms === null ? -10 : chart.valToPos(ms / 1_000, 'x'), top: -10 }, false);
    }
  }

  #resize() {
    for (const { chart, box } of this.#charts) {
      const { clientWidth: width, clientHeight: height } = box;
      if (width > 0 && (width !== chart.width || height !== chart.height)) chart.setSize({ width, height });
    }
  }

  /**
   * @param {string} id
   * @param {Pick<uPlot.Options, 'series' | 'scales' | 'axes'> & { hooks?: uPlot.Hooks.Arrays }} options
   * @param {boolean} signed
   * @param {(chart: uPlot, index: number | null) => void} pointed
   * @param {() => uPlot.AlignedData} data
   */
  #make(id, options, signed, pointed, data) {
    const box = byId(id);
    const chart = new UPlot(
      {
        width: Math.max(200, box.clientWidth),
        height: Math.max(60, box.clientHeight),
        padding: [signed ? signRoom : 8, rightRoom, 0, 0],
        legend: { show: false },
        cursor: {
          y: false,
          drag: { x: false, y: false },
          points: { show: false },
          sync: { key: 'time', setSeries: false },
        },
        ...options,
        scales: { x: { range: () => [this.#view.fromMs / 1_000, this.#view.untilMs / 1_000] }, ...options.scales },
        plugins: [marksPlugin(() => this.#view.marks, signed)],
        hooks: {
          ...options.hooks,
          setCursor: [
            (one) => {
              if (!one.cursor.event) return;
              pointed(one, one.cursor.idx ?? null);
              // uPlot keeps the event, and calls this hook at each redraw too.
              delete one.cursor.event;
            },
          ],
        },
      },
      data(),
      box,
    );
    return { chart, box, data };
  }

  #errorsOptions() {
    const threshold = () => this.#view.thresholdPercent;
    return {
      axes: [timeAxis(false), valueAxis((value) => `${value}%`)],
      scales: {
        y: {
          range: /** @type {uPlot.Range.Function} */ (
            (_chart, _min, max) => [0, Math.min(100, Math.max(2 * threshold(), 1.15 * (max ?? 0)))]
          ),
        },
      },
      series: [
        {},
        {
          stroke: () => palette.failed,
          width: 2,
          fill: () => palette.failedFill,
          paths: steps(),
        },
        { stroke: () => palette.lost, width: 2.5, paths: steps(), dash: [6, 3] },
      ],
      hooks: {
        draw: [
          /** @param {uPlot} chart */
          (chart) => {
            const { ctx: context, bbox } = chart;
            const y = chart.valToPos(threshold(), 'y', true);
            context.save();
            context.strokeStyle = palette.ink;
            context.lineWidth = devicePixelRatio;
            context.setLineDash([2 * devicePixelRatio, 4 * devicePixelRatio]);
            context.beginPath();
            context.moveTo(bbox.left, y);
            context.lineTo(bbox.left + bbox.width, y);
            context.stroke();
            context.restore();
          },
        ],
      },
    };
  }
}

/** @returns {Pick<uPlot.Options, 'series' | 'scales' | 'axes'>} */
function requestsOptions() {
  return {
    axes: [timeAxis(false), valueAxis((value) => value.toLocaleString('en'))],
    scales: { y: { range: (_chart, _min, max) => [0, 1.1 * (max ?? 0) || 1] } },
    // Each series is drawn over the ones before it, so the highest comes first.
    series: [
      {},
      { stroke: () => palette.none, width: 1, fill: () => palette.none, paths: steps() },
      { stroke: () => palette.green, width: 1, fill: greenFill, paths: steps() },
      { stroke: () => palette.blue, width: 1, fill: () => palette.blue, paths: steps() },
    ],
  };
}

/** @returns {Pick<uPlot.Options, 'series' | 'scales' | 'axes'>} */
function latencyOptions() {
  return {
    axes: [timeAxis(true), { ...valueAxis(latency), splits: powersOfTen }],
    scales: {
      y: { distr: 3, range: (_chart, _min, max) => [1, 10 ** Math.max(2, Math.ceil(Math.log10(1.2 * (max ?? 1))))] },
    },
    series: [
      {},
      { stroke: () => palette.ink, width: 1.5, paths: steps() },
      { stroke: () => palette.muted, width: 1.5, paths: steps(), dash: [5, 3] },
    ],
  };
}

/**
 * @param {uPlot} _chart
 * @param {number} _axis
 * @param {number} min
 * @param {number} max
 */
function powersOfTen(_chart, _axis, min, max) {
  return [1, 10, 100, 1_000, 10_000, 100_000].filter((ms) => ms >= min && ms <= max);
}

/** A point is drawn as a step across its whole second or minute. */
function steps() {
  const { stepped } = UPlot.paths;
  if (stepped === undefined) throw new Error('uPlot has no stepped paths');
  return stepped({ align: 1 });
}

/**
 * @param {Columns} columns
 * @returns {uPlot.AlignedData}
 */
function stacked({ time, blue, green, none }) {
  const both = blue.map((count, index) => count + (green[index] ?? 0));
  return [time, both.map((count, index) => count + (none[index] ?? 0)), both, blue];
}
