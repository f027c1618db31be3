import { utcTime } from '../../report/figures.ts';
import { durationOption } from '../arguments.ts';
import { controlState } from '../edge/control-state.ts';
import { actorOf, recordLine } from '../edge/records.ts';
import { requireUp } from '../engine/choose.ts';
import type { Engine } from '../engine/engine.ts';
import type { Stack } from '../stack/stack.ts';
import { CommandError } from '../terminal/command-error.ts';
import { print } from '../terminal/terminal.ts';

const longestSeconds = 7 * 86_400;

/**
 * Holds alerts back for a while; at the end, one alert sums up what was held back.
 * @throws {CommandError} if the time is not between 1 s and 168 h
 */
export async function mute(stack: Stack, engine: Engine, time: string): Promise<void> {
  const seconds = Math.round(durationOption('mute', time) / 1_000);
  if (seconds < 1 || seconds > longestSeconds) {
    throw new CommandError(`mute: expected a time from 1s to 168h, got "${time}"`, { code: 'MISUSE' });
  }
  await requireUp(engine);
  const untilMs = Date.now() + seconds * 1_000;
  await engine.edge('mute', String(seconds), actorOf(stack), recordLine(stack, { kind: 'mute', untilMs }));
  print(`alerts are muted until ${utcTime(untilMs)}; ./bluegreen unmute ends the mute`);
}

export async function unmute(stack: Stack, engine: Engine): Promise<void> {
  await requireUp(engine);
  if ((await controlState(engine)).muted === undefined) {
    print('alerts are not muted');
    return;
  }
  await engine.edge('unmute', recordLine(stack, { kind: 'unmute' }));
  print('alerts are on again');
}
