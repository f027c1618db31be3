import type { Curve } from './curve.ts';
import { grouped } from './figures.ts';

const plot = { left: 44, top: 24, width: 330, height: 132 } as const;
const legendWidth = 158;
const stripHeight = 7;
const footHeight = 66;

export const panelWidth = plot.left + plot.width + legendWidth;
export const panelHeight = plot.top + plot.height + footHeight;

/** The latency axis, from one millisecond to ten seconds. */
const decades = [1, 10, 100, 1_000, 10_000] as const;
const gridLabels = ['1 ms', '10 ms', '0.1 s', '1 s', '10 s'] as const;
const secondsApart = 3;

/** Draws one fault with its legend; the origin is the top left corner. The first curve is ours and is drawn on top. */
export function panel(label: string, curves: readonly Curve[]): string {
  const times = curves.flatMap(({ points }) => points.map(({ atMs }) => atMs));
  const [from, to] = [Math.min(...times), Math.max(...times)];
  const x = (atMs: number) => round(plot.left + ((atMs - from) / (to - from)) * plot.width);
  const y = (ms: number) => {
    const share = Math.log10(Math.min(Math.max(ms, decades[0]), 10_000)) / (decades.length - 1);
    return round(plot.top + (1 - share) * plot.height);
  };
  const bottom = plot.top + plot.height;
  const repaired = Math.max(...curves.map(({ repairedMs }) => repairedMs));
  const drawn = curves.map((curve, index) => ({ curve, index }));

  const background = `<rect class="fault" x="${x(0)}" y="${plot.top}" width="${round(x(Math.min(repaired, to)) - x(0))}" height="${plot.height}"/>`;
  const grid = decades.map(
    (ms, index) =>
      `<line class="grid" x1="${plot.left}" x2="${plot.left + plot.width}" y1="${y(ms)}" y2="${y(ms)}"/>` +
      `<text class="faint" x="${plot.left - 6}" y="${y(ms) + 4}" text-anchor="end">${gridLabels[index]}</text>`,
  );
  const lines = drawn.toReversed().map(({ curve, index }) => {
    const points = curve.points.map(({ atMs, slowestMs }) => `${x(atMs)},${y(slowestMs)}`);
    return `<polyline class="curve s${index}" points="${points.join(' ')}"/>`;
  });
  const strips = drawn.flatMap(({ curve, index }) => failures(curve, index, bottom + 6 + index * stripHeight, x));
  const axisY = bottom + 6 + curves.length * stripHeight + 12;
  const first = Math.ceil(from / 1000 / secondsApart) * secondsApart;
  const ticks = Array.from({ length: Math.floor((to / 1000 - first) / secondsApart) + 1 }, (_, index) => {
    const seconds = first + index * secondsApart;
    return `<text class="faint" x="${x(seconds * 1000)}" y="${axisY}" text-anchor="middle">${seconds} s</text>`;
  });
  const legend = drawn.map(({ curve, index }) => legendEntry(curve, index));
  const caption = `<text class="faint" x="${plot.left - 6}" y="${bottom + 20}" text-anchor="end">failed</text>`;
  return [
    `<text class="name" x="${plot.left}" y="14">${label}</text>`,
    background,
    ...grid,
    ...lines,
    caption,
    ...strips,
    ...ticks,
    ...legend,
  ].join('\n');
}

/** Draws a mark for each moment with failed requests, more opaque the more there are. */
function failures({ points }: Curve, index: number, top: number, x: (atMs: number) => number): string[] {
  const marks = points.filter(({ failed }) => failed > 0);
  const base = `<line class="grid" x1="${plot.left}" x2="${plot.left + plot.width}" y1="${top + stripHeight / 2}" y2="${top + stripHeight / 2}"/>`;
  return [
    base,
    ...marks.map(({ atMs, failed }) => {
      const strength = round(Math.min(1, 0.35 + failed / 20));
      return `<rect class="f${index}" x="${x(atMs)}" y="${top}" width="2.6" height="${stripHeight - 1}" opacity="${strength}"/>`;
    }),
  ];
}

function legendEntry({ contender, failed, late }: Curve, index: number): string {
  const left = plot.left + plot.width + 14;
  const top = plot.top + 14 + index * 33;
  const own = index === 0 ? ' own' : '';
  return (
    `<rect class="f${index}" x="${left}" y="${top - 9}" width="4" height="24" rx="2"/>` +
    `<text class="f${index}${own}" x="${left + 10}" y="${top}">${contender.replace(', with a log', '')}</text>` +
    `<text class="faint" x="${left + 10}" y="${top + 14}">${grouped(failed)} failed, ${grouped(late)} over 0.5 s</text>`
  );
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
