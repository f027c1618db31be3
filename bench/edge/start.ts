// How long `./bluegreen up` takes until the site serves and until the command completes and, on Compose, the size of
// the images that it builds. Runs a separate stack on each available engine.
//
//   node bench/edge/start.ts [--rounds 5] [--out FILE] [compose|host]
import { execa } from 'execa';
import { request } from 'undici';
import type { EngineName } from '../../cli/engine/engine.ts';
import { eventually } from '../../test/condition.ts';
import { createStack, expectDone, type TestStack } from '../../test/stack.ts';
import { markdown, spreadOf, withRange } from './figures.ts';
import { readOptions } from './options.ts';
import { machine, report } from './report.ts';

interface Start {
  readonly engine: EngineName;
  readonly servesMs: number;
  readonly doneMs: number;
}

const { numbers, out, words } = readOptions({ rounds: 5 });
const startDeadlineMs = 300_000;

async function isAvailable(engine: EngineName): Promise<boolean> {
  if (words.length > 0 && !words.includes(engine)) return false;
  return engine === 'host' || (await execa('docker', ['version'], { reject: false })).exitCode === 0;
}

async function start(stack: TestStack): Promise<Start> {
  const startedAt = performance.now();
  const served = eventually(
    'the edge to serve',
    async () => {
      const { statusCode, body } = await request(`${stack.url}/healthz`);
      await body.dump();
      return statusCode === 200 ? performance.now() - startedAt : undefined;
    },
    startDeadlineMs,
  );
  const [servesMs] = await Promise.all([served, stack.bluegreen('up').then(expectDone)]);
  return { engine: stack.engine, servesMs, doneMs: performance.now() - startedAt };
}

async function imageRows(stack: TestStack): Promise<string[][]> {
  const bases = {
    node: process.env.NODE_IMAGE ?? 'node:24-alpine',
    edge: process.env.NGINX_IMAGE ?? 'nginx:1.30-alpine',
  };
  const megabytes = async (image: string): Promise<string> => {
    const { exitCode, stdout } = await execa('docker', ['image', 'inspect', '--format', '{{.Size}}', image], {
      reject: false,
    });
    return exitCode === 0 ? (Number(stdout) / 1e6).toFixed(1) : 'not present';
  };
  return Promise.all(
    Object.entries(bases).map(async ([name, base]) => [
      `bluegreen-${name}`,
      await megabytes(`${stack.prefix}bluegreen-${name}:local`),
      base,
      await megabytes(base),
    ]),
  );
}

const at = machine();
const starts: Start[] = [];
const images: string[][] = [];
for (const engine of ['host', 'compose'] as const) {
  if (!(await isAvailable(engine))) continue;
  const stack = await createStack(engine, { SUBNET_PREFIX: '172.31.243' });
  try {
    // The first start also builds and compiles, so it is not measured.
    expectDone(await stack.bluegreen('up'));
    if (engine === 'compose') images.push(...(await imageRows(stack)));
    for (let round = 1; round <= numbers.rounds; round++) {
      expectDone(await stack.bluegreen('down'));
      const one = await start(stack);
      starts.push(one);
      process.stderr.write(`${engine} ${round}/${numbers.rounds}: serves after ${Math.round(one.servesMs)} ms\n`);
    }
  } finally {
    await stack.remove();
  }
}
const engines = [...new Set(starts.map(({ engine }) => engine))];
const rows = engines.map((engine) => {
  const ofEngine = starts.filter((one) => one.engine === engine);
  const seconds = (value: (one: Start) => number) => withRange(spreadOf(ofEngine.map((one) => value(one) / 1000)), 2);
  return [engine, seconds(({ servesMs }) => servesMs), seconds(({ doneMs }) => doneMs)];
});
const startTable = markdown(['engine', 'serving after, s', '`up` completed after, s'], rows);
const imageTable = images.length === 0 ? '' : `\n\n${markdown(['image', 'MB', 'base', 'base MB'], images)}`;
report('start', out, startTable + imageTable, { options: numbers, starts, images }, at);
