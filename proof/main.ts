// Proves the failover: under a steady load, breaks the active pool in several ways, one after the other, and repairs it.
//
//   node proof/main.ts --edge URL [--address HOST] --blue URL --green URL --active blue|green [--json] [FAULT…]
//
// An edge of https:// is spoken to over HTTP/2, at that address. The program makes its parent, test-failover.sh, act on processes, over standard output and input: see hands.ts.
import { lookup } from 'node:dns/promises';
import { parseArgs } from 'node:util';
import type { Pool } from '../settings/pool.ts';
import { type FaultName, faultNamed, faultNames } from './faults.ts';
import { handsOverStdio } from './hands.ts';
import { isHttp2 } from './load/site.ts';
import type { Outcome } from './outcome.ts';
import { header, row } from './report.ts';
import { runScenario } from './scenario.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    edge: { type: 'string', default: 'http://127.0.0.1:8080' },
    address: { type: 'string' },
    blue: { type: 'string', default: 'http://127.0.0.1:8081' },
    green: { type: 'string', default: 'http://127.0.0.1:8082' },
    active: { type: 'string', default: 'blue' },
    connections: { type: 'string', default: '50' },
    rate: { type: 'string', default: '400' },
    seconds: { type: 'string', default: '10' },
    json: { type: 'boolean', default: false },
  },
});

function fail(message: string): never {
  process.stdout.write(`proof: ${message}\n`);
  process.exit(2);
}

function wholeNumber(name: 'connections' | 'rate' | 'seconds'): number {
  const number = Number(values[name]);
  return Number.isSafeInteger(number) && number > 0
    ? number
    : fail(`--${name}: expected a whole number from 1 on, got "${values[name]}"`);
}

function isFault(name: string): name is FaultName {
  return (faultNames as readonly string[]).includes(name);
}

// As PID 1 of a container it would ignore these signals. The parent repairs what is broken.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130));

const unknown = positionals.filter((name) => !isFault(name));
if (unknown.length > 0) fail(`expected any of ${faultNames.join(', ')}, got "${unknown.join(' ')}"`);
const chosen = positionals.length > 0 ? positionals.filter(isFault) : faultNames;
const active: Pool = values.active === 'green' ? 'green' : 'blue';
const hands = handsOverStdio();
const options = {
  site: {
    url: values.edge,
    address: values.address === undefined ? undefined : (await lookup(values.address)).address,
  },
  path: '/version',
  connections: wholeNumber('connections'),
  rate: wholeNumber('rate'),
  faultMs: wholeNumber('seconds') * 1000,
  active,
};

const outcomes: Outcome[] = [];
process.stdout.write(
  `${options.connections} connections${isHttp2(options.site) ? ' of HTTP/2' : ''}, ${options.rate} requests/s, ${active} is active\n\n${header}\n`,
);
for (const name of chosen) {
  const fault = faultNamed(name, hands, { blue: values.blue, green: values.green });
  try {
    const outcome = await runScenario(fault, options);
    outcomes.push(outcome);
    process.stdout.write(`${row(outcome)}\n`);
    for (const line of outcome.faults) process.stdout.write(`  ! ${line}\n`);
  } catch (error) {
    process.stdout.write(`${name}: ${(error as Error).message}\n`);
    await fault.repair(active).catch(() => undefined);
    process.exit(1);
  }
}

if (values.json) process.stdout.write(`${JSON.stringify(outcomes)}\n`);
const requests = outcomes.reduce((sum, outcome) => sum + outcome.requests, 0);
const failed = outcomes.reduce((sum, outcome) => sum + outcome.failed, 0);
const proved = outcomes.every((outcome) => outcome.faults.length === 0);
process.stdout.write(`\n${requests} requests, ${failed} failed: ${proved ? 'proved' : 'NOT PROVED'}\n`);
process.stdout.write(`@result ${proved ? 'proved' : 'failed'}\n`);
process.exit(proved ? 0 : 1);
