// The load, in a process of its own, so that nothing else that goes on disturbs its schedule. Talks with whoever forked it:
// see messages.ts.

import { Load } from './load.ts';
import { type Order, type Report, sliceMs } from './messages.ts';
import { isQuick, nowMs, type Sample } from './sample.ts';

/** In one message; a whole run in one would hold up the other side. */
const samplesAtOnce = 2_000;

const samples: Sample[] = [];
let load: Load | undefined;
let slicing: NodeJS.Timeout | undefined;
let sliced = 0;

function tell(report: Report): void {
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
  tell({ report: 'slice', slice: { at: nowMs(), served, unnamed, failed } });
}

async function end(): Promise<void> {
  await load?.stop();
  clearInterval(slicing);
  for (let from = 0; from < samples.length; from += samplesAtOnce) {
    tell({ report: 'samples', samples: samples.slice(from, from + samplesAtOnce) });
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
// Ctrl-C is for the one who forked it, and who will say when the load is to end.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
process.on('disconnect', () => process.exit(0));
tell({ report: 'ready' });
