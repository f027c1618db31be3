// What a full TLS handshake costs: our edge, which reads the certificate by its name, the same with a fixed one, HAProxy and
// Caddy, in turn. With `image`, also our edge in its image, whose nginx can keep certificates in memory.
//
//   node bench/edge/handshakes.ts [image] [--rounds 5] [--seconds 4] [--out FILE]
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { benchDirectory, type Contender, caddy, domain, haproxy, own, replaced } from './contenders.ts';
import { markdown, spreadOf, withRange } from './figures.ts';
import { readOptions } from './options.ts';
import { buildEdgeImage, ownInImage } from './own-image.ts';
import { type Pools, startInstantPools } from './pools.ts';
import { machine, report } from './report.ts';
import { usageOf } from './usage.ts';

const exec = promisify(execFile);
const { numbers, out, words } = readOptions({ rounds: 5, seconds: 4 });
const at = machine();
const directory = benchDirectory();
const image = words.includes('image') ? await buildEdgeImage() : undefined;
const contenders: readonly Contender[] = [
  own({ companions: false }),
  own({ name: 'bluegreen, fixed certificate', companions: false, edit: withFixedCertificate }),
  ...(image === undefined
    ? []
    : [
        ownInImage(image, { name: 'bluegreen, image' }),
        ownInImage(image, { name: 'bluegreen, image, no certificates in memory', edit: withoutMemory }),
        ownInImage(image, { name: 'bluegreen, image, fixed certificate', edit: withFixedCertificate }),
      ]),
  haproxy(false),
  caddy(false),
];

/** Instead of one that is read by its name. */
function withFixedCertificate(template: string): string {
  return replaced(template, '/live/$certificate.pem', `/live/${domain}.pem`);
}

/** nginx would keep certificates there, where it can. */
function withoutMemory(template: string): string {
  const lines = template.split('\n');
  return lines.filter((line) => !line.includes('CERTIFICATE_CACHE_DIRECTIVE')).join('\n');
}

interface Turn {
  readonly name: string;
  readonly round: number;
  readonly perSecond: number;
  /** Processor time of the edge, in microseconds per handshake. */
  readonly cpuUs: number;
}

/** One connection after the other, each with a full handshake of TLS 1.3. */
async function handshakes({ host }: URL, seconds: number): Promise<number> {
  const args = ['s_time', '-connect', host, '-new', '-time', String(seconds)];
  const { stdout } = await exec('openssl', args);
  const [, count] = /^(\d+) connections in \d+ real seconds/m.exec(stdout) ?? [];
  if (count === undefined) throw new Error(`openssl s_time: ${stdout}`);
  return Number(count);
}

async function runTurn(contender: Contender, pools: Pools, round: number): Promise<Turn> {
  const running = await contender.start({ directory, pools: pools.ports, tls: true });
  const url = new URL(running.url);
  const roots = [running.edge.pid];
  try {
    await handshakes(url, 1);
    const before = usageOf(roots);
    const startedAt = performance.now();
    const count = await handshakes(url, numbers.seconds);
    const tookMs = performance.now() - startedAt;
    const cpuMs = usageOf(roots).cpuMs - before.cpuMs;
    return { name: contender.name, round, perSecond: (count * 1000) / tookMs, cpuUs: (cpuMs * 1000) / count };
  } finally {
    await running.stop();
  }
}

const pools = await startInstantPools(directory, undefined);
const turns: Turn[] = [];
try {
  for (let round = 1; round <= numbers.rounds; round++) {
    for (const contender of contenders) {
      const turn = await runTurn(contender, pools, round);
      turns.push(turn);
      process.stderr.write(`${round}/${numbers.rounds}  ${turn.name.padEnd(46)} ${turn.cpuUs.toFixed(0)} µs\n`);
    }
  }
} finally {
  await pools.stop();
}
const rows = contenders.map(({ name }) => {
  const own = turns.filter((turn) => turn.name === name);
  const relative = own.map(({ round, cpuUs }) => cpuUs / (turns.find((turn) => turn.round === round)?.cpuUs ?? 1));
  return [
    name,
    withRange(spreadOf(own.map(({ cpuUs }) => cpuUs))),
    withRange(spreadOf(relative), 2),
    withRange(spreadOf(own.map(({ cpuUs }) => 1e6 / cpuUs))),
  ];
});
const header = ['full handshakes', 'CPU, µs each', 'relative to bluegreen', 'a second and processor'];
report('handshakes', out, markdown(header, rows), { options: numbers, turns }, at);
