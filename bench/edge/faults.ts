// What visitors notice of each fault of the active pool: our edge, a plain nginx, HAProxy and Caddy, in turn, each with
// two demo apps of its own, under the load of ./bluegreen prove. Every request is judged.
//
//   node bench/edge/faults.ts [--rounds 3] [--rate 400] [--seconds 8] [--out FILE] [FAULT…]
import { benchDirectory, caddy, haproxy, own, plain } from './contenders.ts';
import { faultKinds } from './fault-kinds.ts';
import { faultTable } from './fault-table.ts';
import { readOptions } from './options.ts';
import { type Pass, passThrough } from './pass.ts';
import { machine, report } from './report.ts';

const { numbers, out, words } = readOptions({ rounds: 3, rate: 400, seconds: 8 });
const contenders = [
  own(),
  plain,
  haproxy(true),
  caddy(true),
  // Caddy takes a pool out after one failed check. With a fall of 1, these two do the same, which shows what waiting for the
  // second check costs.
  own({ name: 'bluegreen, PROBE_FALL=1', settings: { PROBE_FALL: '1' } }),
  haproxy(true, 1),
];
const unknown = words.filter((word) => !faultKinds.some(({ name }) => name === word));
if (unknown.length > 0) throw new Error(`expected any of ${faultKinds.map(({ name }) => name).join(', ')}`);
const chosen = faultKinds.filter(({ name }) => words.length === 0 || words.includes(name));

const at = machine();
const directory = benchDirectory();
const passes: Pass[] = [];
for (let round = 1; round <= numbers.rounds; round++) {
  for (const fault of chosen) {
    for (const contender of contenders) {
      const passed = await passThrough(contender, fault, { ...numbers, directory, round });
      passes.push(passed);
      process.stderr.write(
        `${round}/${numbers.rounds}  ${fault.name.padEnd(9)} ${contender.name.padEnd(20)} ${JSON.stringify(passed.failures)}\n`,
      );
    }
  }
}
const names = contenders.map(({ name }) => name);
report('faults', out, faultTable(passes, chosen, names), { options: numbers, passes }, at);
