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
import { messageOf, print, progress } from '../terminal/terminal.ts';
import { startStack } from './up.ts';

/** Settings that the measured figures depend on. */
export const recordedSettings = [
  'PROBE_INTERVAL_MS',
  'PROBE_TIMEOUT_MS',
  'PROBE_FALL',
  'PROBE_RISE',
  'PROXY_CONNECT_TIMEOUT',
  'PROXY_SEND_TIMEOUT',
  'PROXY_READ_TIMEOUT',
  'PROXY_LAST_TIMEOUT',
  'PROXY_STREAM_TIMEOUT',
  'RETRY_NON_IDEMPOTENT',
  'ALERT_COOLDOWN_SEC',
] as const;

/** The options as given on the command line. */
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

/** A scenario without a result, and the reason. */
interface NoResult {
  readonly name: string;
  readonly why: string;
}

/**
 * Runs the named scenarios, or all, under load, and prints a row for each. Starts the stack if it is not running.
 * @returns whether every scenario met its expectations
 * @throws {CommandError} if the stack is not healthy before the first scenario, or on Ctrl-C
 */
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
  // The reader of the output is gone, as in "| head". Rows are only printed between scenarios, so nothing is broken then.
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
    throw new CommandError('interrupted; everything that was broken is repaired', { cause: error });
  } finally {
    work.end();
  }
}

async function playAll(chosen: readonly Scenario[], stage: Stage, options: ProveOptions): Promise<boolean> {
  const { edge, engine, active, stack } = stage;
  const { rate, connections, seconds } = options;
  // With --json, stdout carries the document alone.
  const say = options.json ? progress : print;
  say(
    `${engine.name} engine, nginx ${edge.nginx}, ${active} is active: ${rate} requests/s on schedule, ` +
      `${connections} clients that pause between requests, faults of ${seconds} s\n\n${header}`,
  );
  const results: Result[] = [];
  const skipped: NoResult[] = [];
  const failed: NoResult[] = [];
  for (const scenario of chosen) {
    const why = await scenario.skipReason?.(stage);
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
      const why = messageOf(error);
      failed.push({ name: scenario.name, why });
      for (const line of failedRows(scenario.name, why)) say(line);
      // The fault has been undone, but the next scenario needs a healthy stack.
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

function summary(results: readonly Result[], skipped: readonly NoResult[]): string {
  const sum = (count: (result: Result) => number) => results.reduce((total, result) => total + count(result), 0);
  const unavoidable = sum(({ excused }) => excused.reduce((total, { count }) => total + count, 0));
  const requests = sum((result) => result.requests);
  const failed = sum((result) => result.failed);
  const skippedText = skipped.length === 0 ? '' : `, ${skipped.length} skipped`;
  return `${results.length} scenarios${skippedText}, ${requests} requests, ${failed} failed, ${unavoidable} of them unavoidable`;
}

function documentOf(
  { engine, edge, stack, active }: Stage,
  { rate, connections, seconds }: ProveOptions,
  what: {
    readonly proved: boolean;
    readonly scenarios: readonly Result[];
    readonly skipped: readonly NoResult[];
    readonly failed: readonly NoResult[];
  },
) {
  return {
    at: new Date().toISOString(),
    version: manifest.version,
    engine: engine.name,
    nginx: edge.nginx,
    active,
    load: { rate, connections, seconds },
    settings: Object.fromEntries(recordedSettings.map((name) => [name, String(stack.settings[name])])),
    ...what,
  };
}
