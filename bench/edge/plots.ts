// Plots the results of faults.ts: one panel per fault, with the slowest request of each moment on a logarithmic scale
// and the failed requests below it.
//
//   node bench/edge/plots.ts FAULTS.json [PLOT.svg]
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Curve, curveOf } from './curve.ts';
import { faultKinds } from './fault-kinds.ts';
import { panel, panelHeight, panelWidth } from './panel.ts';
import type { Pass } from './pass.ts';

const [input, output = 'docs/plots/faults.svg'] = process.argv.slice(2);
if (input === undefined) throw new Error('expected a file written by faults.ts --out');
const { results } = JSON.parse(readFileSync(input, 'utf8')) as {
  results: { options: { rate: number; rounds: number }; passes: readonly Pass[] };
};
const { options, passes } = results;

const columns = 2;
const margin = 24;
const gap = 28;
const headHeight = 74;
const faults = faultKinds.filter(({ name }) => passes.some(({ fault }) => fault === name));
/** Ours and the three others. The variants with another fall appear in the table only. */
const contenders = [...new Set(passes.map(({ contender }) => contender))].slice(0, 4);
const width = 2 * margin + columns * panelWidth + (columns - 1) * gap;
const height = headHeight + Math.ceil(faults.length / columns) * panelHeight + margin;

function curvesOf(fault: string): readonly Curve[] {
  return contenders.map((contender) =>
    curveOf(
      contender,
      passes.filter((pass) => pass.fault === fault && pass.contender === contender),
    ),
  );
}

// Colors that people with color blindness can distinguish, on a light and on a dark background.
const style = `
  :root { --paper: #ffffff; --ink: #1f2328; --faint: #59636e; --grid: #d8dee4; --fault: #f3ede4;
    --c0: #0550ae; --c1: #8c959f; --c2: #d4660a; --c3: #0f8a6a; }
  @media (prefers-color-scheme: dark) { :root { --paper: #0d1117; --ink: #e6edf3; --faint: #9198a1; --grid: #30363d;
    --fault: #241d14; --c0: #6cb0ff; --c1: #8b949e; --c2: #f0883e; --c3: #3fc79a; } }
  text { font: 12px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: var(--ink); }
  .title { font-size: 20px; font-weight: 600; } .name { font-size: 14px; font-weight: 600; }
  .faint { fill: var(--faint); font-size: 11px; } .grid { stroke: var(--grid); stroke-width: 1; }
  .fault { fill: var(--fault); } .curve { fill: none; stroke-width: 1.4; stroke-linejoin: round; }
  .s0 { stroke: var(--c0); stroke-width: 2.2; } .s1 { stroke: var(--c1); } .s2 { stroke: var(--c2); } .s3 { stroke: var(--c3); }
  .f0 { fill: var(--c0); } .f1 { fill: var(--c1); } .f2 { fill: var(--c2); } .f3 { fill: var(--c3); }
  .own { font-weight: 600; }`;

const panels = faults.map(({ name, label }, index) => {
  const x = margin + (index % columns) * (panelWidth + gap);
  const y = headHeight + Math.floor(index / columns) * panelHeight;
  return `<g transform="translate(${x} ${y})">${panel(label, curvesOf(name))}</g>`;
});
const rounds = options.rounds === 1 ? '1 round' : `the median of ${options.rounds} rounds`;
const about = `Slowest GET, HEAD or small POST in each 100 ms, measured from when it was due; ${options.rate} requests/s; ${rounds}. The pool is broken while the background is tinted.`;
mkdirSync(dirname(output), { recursive: true });
writeFileSync(
  output,
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="Latency through each fault">
<style>${style}</style>
<rect width="${width}" height="${height}" style="fill: var(--paper)"/>
<text class="title" x="${margin}" y="34">What visitors notice when the active pool breaks</text>
<text class="faint" x="${margin}" y="54">${about}</text>
${panels.join('\n')}
</svg>
`,
);
