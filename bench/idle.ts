// What the stack on Docker Compose costs while nobody visits: the processor time of each service, and that of Docker itself,
// which runs the health checks of the containers. Starts a separate stack. Other stacks on the machine add to Docker's part.
//
//   node bench/idle.ts [--seconds 120] [--settle 30] [--out FILE]
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { servicesOf } from '../cli/engine/engine.ts';
import { createStack, expectDone } from '../test/stack.ts';
import { markdown } from './edge/figures.ts';
import { readOptions } from './edge/options.ts';
import { machine, report } from './edge/report.ts';
import { usageOf } from './edge/usage.ts';

/** Processor time so far, in milliseconds. */
type Times = Readonly<Record<string, number>>;

interface Container {
  readonly id: string;
  readonly pid: number;
}

const { numbers, out } = readOptions({ seconds: 120, settle: 30 });

/** A health check is no child of the container's program but of its shim, which waits for it: so it counts for Docker. */
function timesOf(containers: Readonly<Record<string, Container>>, daemon: number): Times {
  const services = Object.entries(containers).map(([name, { pid }]) => [name, usageOf([pid]).cpuMs] as const);
  const shims = Object.values(containers).map(({ id, pid }) => usageOf([shimOf(id)]).cpuMs - usageOf([pid]).cpuMs);
  return {
    ...Object.fromEntries(services),
    'dockerd and containerd': usageOf([daemon]).cpuMs,
    'shims and health checks': shims.reduce((sum, cpuMs) => sum + cpuMs, 0),
  };
}

function commandLines(): { readonly pid: number; readonly words: readonly string[] }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        return [{ pid: Number(name), words: readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0') }];
      } catch {
        return [];
      }
    });
}

function shimOf(id: string): number {
  const shim = commandLines().find(({ words: [program = '', ...args] }) => /shim/.test(program) && args.includes(id));
  if (shim === undefined) throw new Error(`container ${id} has no shim`);
  return shim.pid;
}

function dockerDaemon(): number {
  const daemon = commandLines().find(({ words: [program = ''] }) => /(^|\/)dockerd$/.test(program));
  if (daemon === undefined) throw new Error('no dockerd runs on this machine');
  return daemon.pid;
}

async function containerOf(name: string): Promise<Container> {
  const { stdout } = await execa('docker', ['inspect', '--format', '{{.Id}} {{.State.Pid}}', name]);
  const [id = '', pid] = stdout.split(' ');
  return { id, pid: Number(pid) };
}

const at = machine();
const stack = await createStack('compose');
try {
  expectDone(await stack.bluegreen('up'));
  await delay(numbers.settle * 1000);
  const found = await Promise.all(
    servicesOf({ settings: { DOMAINS: undefined } }).map(
      async (name) => [name, await containerOf(stack.prefix + name)] as const,
    ),
  );
  const containers = Object.fromEntries(found);
  const daemon = dockerDaemon();
  const before = timesOf(containers, daemon);
  const startedAt = performance.now();
  await delay(numbers.seconds * 1000);
  const after = timesOf(containers, daemon);
  const tookMs = performance.now() - startedAt;
  const percents = Object.entries(after).map(
    ([name, ms]) => [name, ((ms - (before[name] ?? 0)) * 100) / tookMs] as const,
  );
  const total = percents.reduce((sum, [, percent]) => sum + percent, 0);
  const rows = [...percents, ['all', total] as const].map(([name, percent]) => [name, `${percent.toFixed(2)}%`]);
  report('idle', out, markdown(['', 'of one core'], rows), { options: numbers, percents, total }, at);
} finally {
  await stack.remove();
}
