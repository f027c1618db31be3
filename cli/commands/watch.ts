import { requireUp } from '../engine/choose.ts';
import type { Engine } from '../engine/engine.ts';
import { edgeUrl, type Stack } from '../stack/stack.ts';
import type { Look } from '../status/look.ts';
import { Changes } from '../watch/changes.ts';
import type { WatchEvent } from '../watch/event.ts';
import { looks } from '../watch/looks.ts';
import { RateMeter } from '../watch/rates.ts';
import { recordEvent } from '../watch/record-event.ts';
import { LineView, LiveView, type View } from '../watch/views.ts';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** How many earlier operations are shown at the start. */
const earlierEvents = 10;

/** Keeps the status on the screen, and prints each event on a line, until Ctrl-C. */
export async function watch(stack: Stack, engine: Engine): Promise<void> {
  await requireUp(engine);
  const ended = new AbortController();
  const end = () => ended.abort();
  for (const signal of signals) process.on(signal, end);
  const where = `${edgeUrl(stack)} on the ${engine.name} engine`;
  const changes = new Changes();
  const meter = new RateMeter();
  let view: View | undefined;
  try {
    for await (const look of looks(stack, engine, ended.signal)) {
      const nowMs = Date.now();
      view ??= viewFor(stack, look);
      view.show({ look, rates: meter.next(look.counters), where, nowMs }, changes.next(look, nowMs));
    }
  } finally {
    view?.close();
    for (const signal of signals) process.off(signal, end);
  }
}

/** A live screen in a terminal, plain lines otherwise. */
function viewFor({ env }: Stack, { control }: Look): View {
  if (!process.stdout.isTTY || env.TERM === 'dumb') return new LineView();
  const earlier: readonly WatchEvent[] = control?.journal.slice(-earlierEvents).map(recordEvent) ?? [];
  return new LiveView(process.stdout, earlier);
}
