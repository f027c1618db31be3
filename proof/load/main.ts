// The load in a process of its own, so that nothing else disturbs its schedule. Exchanges the messages of messages.ts with its
// parent.

import { Load } from './load.ts';
import { type Order, type Report, sliceMs } from './messages.ts';
import { isQuick, nowMs, type Sample } from './sample.ts';

/** Samples in one message; all at once would block the parent. */
const samplesAtOnce = 2_000;

const samples: Sample[] = [];
let load: Load | undefined;
let slicing: NodeJS.Timeout | undefined;
let sliced = 0;

function send(report: Report): void {
  process.send?.(report);
}

function slice(): void {
  const served = { blue: 0, green: 0 };
  let unnamed = 0;
  let failed = 0;
  for (; sliced < samples.length; sliced++) {
    const sample = samples[sliced];
    if (sample === undefined || !isQuick(sample)) continue;
    if (sample.failure !== undefined) failed++;
    else if (sample.pool === undefined) unnamed++;
    else served[sample.pool]++;
  }
  send({ report: 'slice', slice: { at: nowMs(), served, unnamed, failed } });
}

async function end(): Promise<void> {
  await load?.stop();
  clearInterval(slicing);
  for (let from = 0; from < samples.length; from += samplesAtOnce) {
    send({ report: 'samples', samples: samples.slice(from, from + samplesAtOnce) });
  }
  process.send?.({ report: 'done' } satisfies Report, () => process.exit(0));
}

process.on('message', (message: Order) => {
  switch (message.order) {
    case 'begin':
      load = new Load(message.options, (sample) => samples.push(sample));
      slicing = setInterval(slice, sliceMs);
      break;
    case 'end':
      void end();
      break;
    default:
      message satisfies never;
  }
});
// Ctrl-C is for the parent, which decides when the load ends.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
process.on('disconnect', () => process.exit(0));
send({ report: 'ready' });
