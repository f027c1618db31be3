// What each feature of our edge costs: the edge with all features on and with one left out of its template at a time,
// in turn with a plain nginx. The figure to compare is processor time per request.
//
//   node bench/edge/features.ts [--rounds 7] [--seconds 6] [--connections 50] [--out FILE]
import { benchDirectory, own, plain, replaced } from './contenders.ts';
import { markdown, spreadOf, withRange } from './figures.ts';
import { readOptions } from './options.ts';
import { startInstantPools } from './pools.ts';
import { machine, report } from './report.ts';
import { alternate } from './rounds.ts';

const { numbers, out } = readOptions({ rounds: 7, seconds: 6, connections: 50 });
const flags = [/^ *if \(-f "[^"]*(active\.green|blue\.down|green\.down|maintenance)".*\n/gm];
const shares = [
  /^ *if \(-f ("[^"]*canary\.\$active"|\$bucket_file|\$preview_file)\).*\n/gm,
  /^ *add_header Set-Cookie \$bucket_cookie.*\n/gm,
];

const everything = own({ name: 'everything' });
const leftOut = [
  own({ name: 'without the log', edit: withoutLog }),
  own({ name: 'without flags: active pool, down, maintenance', edit: (template) => without(template, flags) }),
  own({ name: 'without canary and preview', edit: (template) => without(template, shares) }),
  own({ name: 'without health checks and watcher', companions: false }),
  own({
    name: 'without any of these',
    edit: (template) => without(without(withoutLog(template), flags), shares),
    companions: false,
  }),
];

function withoutLog(template: string): string {
  const line = /^ *access_log "\$\{ACCESS_LOG\}".*\n/m.exec(template)?.[0] ?? 'access_log';
  return replaced(template, line, '        access_log off;\n');
}

/** Also removes the lines from the status server, which gets no requests during the bench. */
function without(template: string, lines: readonly RegExp[]): string {
  return lines.reduce((text, line) => {
    if (text.search(line) < 0) throw new Error(`the template has no line ${line}`);
    return text.replaceAll(line, '');
  }, template);
}

const cores = { edgeCore: 0, otherCore: 1 };
const at = machine();
const directory = benchDirectory();
const pools = await startInstantPools(directory, cores.otherCore);
try {
  const contenders = [everything, ...leftOut, plain];
  const turns = await alternate(contenders, { ...numbers, place: { directory, pools: pools.ports, ...cores } });
  const of = (name: string) => turns.filter((turn) => turn.name === name);
  const rows = contenders.map(({ name }) => {
    const saved = of(name).map(({ round, cpuUs }) => {
      const whole = of(everything.name).find((turn) => turn.round === round);
      return (whole?.cpuUs ?? Number.NaN) - cpuUs;
    });
    return [
      name,
      withRange(spreadOf(of(name).map(({ cpuUs }) => cpuUs)), 1),
      name === everything.name ? '' : withRange(spreadOf(saved), 1),
      withRange(spreadOf(of(name).map(({ requestsPerSecond }) => requestsPerSecond))),
    ];
  });
  const header = ['one worker', 'CPU, µs a request', 'cost, µs', 'requests/s'];
  report('features', out, markdown(header, rows), { options: numbers, turns }, at);
} finally {
  await pools.stop();
}
