import manifest from '../../package.json' with { type: 'json' };
import { wholeNumber } from '../arguments.ts';
import type { Engine } from '../engine/engine.ts';
import { requireCalm, runsDemo, tidy, untilCalm } from '../prove/calm.ts';
import { handsOf } from '../prove/hands-of.ts';
import { type LoadSize, play, type Result } from '../prove/play.ts';
import { ratesOf, type Scenario, type Stage, stageOf } from '../prove/scenario.ts';
import { scenarios } from '../prove/scenarios.ts';
import { failedRows, header, rowsOf, skippedRow } from '../prove/table.ts';
import type { Stack } from '../stack/stack.ts';
import { CommandError } from '../terminal/command-error.ts';
import { interruption } from '../terminal/interruption.ts';
import { print, progress } from '../terminal/terminal.ts';
import { startStack } from './up.ts';

/** What the figures depend on. */
export const settingNames = [
  'PROBE_INTERVAL_MS',
  'PROBE_TIMEOUT_MS',
  'PROBE_FALL',
  'PROBE_RISE',
  'PROXY_CONNECT_TIMEOUT',
  'PROXY_SEND_TIMEOUT',
  'PROXY_READ_TIMEOUT',
  'PROXY_STREAM_TIMEOUT',
  'RETRY_NON_IDEMPOTENT',
  'ALERT_COOLDOWN_SEC',
] as const;

/** As the command line has them. */
export interface RawProveOptions {
  readonly rate: string;
  readonly connections: string;
  readonly seconds: string;
  readonly json: boolean;
}

interface ProveOptions extends LoadSize {
  readonly seconds: number;
  readonly json: boolean;
}

/** A scenario that says nothing, and why. */
interface Unplayed {
  readonly name: string;
  readonly why: string;
}

/** Breaks the stack in every way that was named, or that there is, under load. False: something was not as it must be. */
export async function prove(
  stack: Stack,
  engine: Engine,
  names: readonly string[],
  raw: RawProveOptions,
): Promise<boolean> {
  const options = {
    rate: wholeNumber('--rate', raw.rate, 1),
    connections: wholeNumber('--connections', raw.connections, 0),
    seconds: wholeNumber('--seconds', raw.seconds, 1),
    json: raw.json,
  };
  if (!(await engine.isUp())) await startStack(stack, engine);
  // As in "| head": nothing is broken while something is said, and nothing is proved.
  process.stdout.prependListener('error', () => process.exit(1));
  const hands = handsOf(stack, engine);
  await tidy(hands);
  const { edge } = await requireCalm(stack, engine);
  const work = interruption(() => 'see ./bluegreen status, and ./bluegreen chaos POOL stop');
  const stage = stageOf({
    stack,
    engine,
    hands,
    edge,
    isDemo: await runsDemo(stack),
    faultMs: options.seconds * 1_000,
    rates: ratesOf(options),
    signal: work.signal,
  });
  const chosen = scenarios.filter(({ name }) => names.length === 0 || names.includes(name));
  try {
    return await playAll(chosen, stage, options);
  } catch (error) {
    if (!work.signal.aborted) throw error;
    throw new CommandError('stopped by hand; what was broken is healed', { cause: error });
  } finally {
    work.end();
  }
}

async function playAll(chosen: readonly Scenario[], stage: Stage, options: ProveOptions): Promise<boolean> {
  const { edge, engine, active, stack } = stage;
  const { rate, connections, seconds } = options;
  // A script that reads the document reads nothing else.
  const say = options.json ? progress : print;
  say(
    `${engine.name} engine, nginx ${edge.nginx}, ${active} is active: ${rate} requests/s on schedule, ` +
      `${connections} clients that think between two requests, faults of ${seconds} s\n\n${header}`,
  );
  const results: Result[] = [];
  const skipped: Unplayed[] = [];
  const failed: Unplayed[] = [];
  for (const scenario of chosen) {
    const why = await scenario.whyNot?.(stage);
    if (why !== undefined) {
      skipped.push({ name: scenario.name, why });
      say(skippedRow(scenario.name, why));
      continue;
    }
    try {
      const result = await play(scenario, stage, options);
      results.push(result);
      for (const line of rowsOf(result)) say(line);
    } catch (error) {
      if (stage.signal.aborted) throw error;
      const why = error instanceof Error ? error.message : String(error);
      failed.push({ name: scenario.name, why });
      for (const line of failedRows(scenario.name, why)) say(line);
      // It was undone; where that was not enough, the next one would prove nothing.
      await untilCalm(stack, engine);
    }
  }
  await untilCalm(stack, engine);
  const isProved = failed.length === 0 && results.every(({ faults }) => faults.length === 0);
  say(`\n${summary(results, skipped)}: ${isProved ? 'proved' : 'NOT PROVED'}`);
  if (options.json)
    print(JSON.stringify(documentOf(stage, options, { proved: isProved, scenarios: results, skipped, failed })));
  return isProved;
}

function summary(results: readonly Result[], skipped: readonly Unplayed[]): string {
  const sum = (count: (result: Result) => number) => results.reduce((total, result) => total + count(result), 0);
  const unavoidable = sum(({ excused }) => excused.reduce((total, { count }) => total + count, 0));
  const requests = sum((result) => result.requests);
  const failed = sum((result) => result.failed);
  const here = skipped.length === 0 ? '' : `, ${skipped.length} not on this engine`;
  return `${results.length} scenarios${here}, ${requests} requests, ${failed} failed, of which ${unavoidable} could not be avoided`;
}

function documentOf(
  { engine, edge, stack, active }: Stage,
  { rate, connections, seconds }: ProveOptions,
  what: {
    readonly proved: boolean;
    readonly scenarios: readonly Result[];
    readonly skipped: readonly Unplayed[];
    readonly failed: readonly Unplayed[];
  },
) {
  return {
    at: new Date().toISOString(),
    version: manifest.version,
    engine: engine.name,
    nginx: edge.nginx,
    active,
    load: { rate, connections, seconds },
    settings: Object.fromEntries(settingNames.map((name) => [name, String(stack.settings[name])])),
    ...what,
  };
}
