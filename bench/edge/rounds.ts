import type { Contender, Place } from './contenders.ts';
import { usageOf } from './usage.ts';
import { type WrkResult, wrk } from './wrk.ts';

/** One contender in one round. */
export interface Turn extends WrkResult {
  readonly name: string;
  readonly round: number;
  /** Processor time of the edge, in microseconds per request. */
  readonly cpuUs: number;
  /** The same for the programs beside it. */
  readonly companionsCpuUs: number;
  readonly memoryMb: number;
}

export interface RoundsOptions {
  readonly rounds: number;
  readonly seconds: number;
  readonly connections: number;
  readonly place: Place;
  /** Whether failed requests are only counted. Otherwise they end the bench. */
  readonly mayFail?: boolean;
}

const warmUpSeconds = 1;

/** Runs the contenders one after the other in each round, so that disturbances on the machine affect all of them. */
export async function alternate(contenders: readonly Contender[], options: RoundsOptions): Promise<readonly Turn[]> {
  const { rounds } = options;
  const turns: Turn[] = [];
  for (let round = 1; round <= rounds; round++) {
    for (const contender of contenders) {
      const turn = await runTurn(contender, round, options);
      turns.push(turn);
      const { name, requestsPerSecond, cpuUs } = turn;
      process.stderr.write(
        `${round}/${rounds}  ${name.padEnd(24)} ${Math.round(requestsPerSecond)} requests/s, ${cpuUs.toFixed(1)} µs each\n`,
      );
    }
  }
  return turns;
}

async function runTurn(contender: Contender, round: number, options: RoundsOptions): Promise<Turn> {
  const { seconds, connections, place, mayFail = false } = options;
  const running = await contender.start(place);
  try {
    const load = { url: `${running.url}/version`, connections, core: place.otherCore };
    await wrk({ ...load, seconds: warmUpSeconds });
    const roots = [running.edge.pid];
    const beside = Object.values(running.companions).map(({ pid }) => pid);
    const [before, besideBefore] = [usageOf(roots), usageOf(beside)];
    const result = await wrk({ ...load, seconds });
    const [after, besideAfter] = [usageOf(roots), usageOf(beside)];
    if (result.bad > 0 && !mayFail) throw new Error(`${contender.name}: ${result.bad} failed requests`);
    const perRequest = (fromMs: number, toMs: number) => ((toMs - fromMs) * 1000) / result.requests;
    return {
      ...result,
      name: contender.name,
      round,
      cpuUs: perRequest(before.cpuMs, after.cpuMs),
      companionsCpuUs: perRequest(besideBefore.cpuMs, besideAfter.cpuMs),
      memoryMb: after.memoryMb,
    };
  } finally {
    await running.stop();
  }
}
