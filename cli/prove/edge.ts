import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { streamSeconds } from '../../proof/load/mix.ts';
import { nowMs } from '../../proof/load/sample.ts';
import { envPath, readStack, type Stack } from '../stack/stack.ts';
import { reloaded } from './expectations.ts';
import { type Check, closedAtOtherTimes, type Scenario, type Stage, type Window } from './scenario.ts';

const times = 3;
/** Time for connections that were closed by nginx before 1.27.4, when the response in flight ends. */
const closedWithinMs = streamSeconds * 1_000 + 500;

/** The edge itself changes, and nobody notices. */
export const edgeScenarios: readonly Scenario[] = [
  {
    name: 'edge-settings',
    about: `a setting of the edge is changed, ${times} times`,
    ...changing(async (stage, count) => {
      await withSetting(stage.stack, `PROXY_STREAM_TIMEOUT=${60 + count}s`, (stack) => stage.engine.with(stack).up());
    }),
    undo: ({ engine }) => engine.up(),
  },
  {
    name: 'edge-upgrade',
    about: `another nginx takes over, ${times} times`,
    ...changing(({ engine }) => engine.replaceKit(['nginx_proxy'])),
    undo: async () => {},
  },
  {
    name: 'kit-upgrade',
    about: 'the prober, the watcher and nginx are all replaced',
    ...changing(({ engine }) => engine.replaceKit(['health_prober', 'alert_watcher', 'nginx_proxy']), 1),
    undo: async () => {},
  },
];

/** The parts that these scenarios share. Connections are closed, if at all, only while the edge changes. */
function changing(change: (stage: Stage, count: number) => Promise<void>, repeated = times) {
  return {
    lasts: 'act',
    async act(stage: Stage): Promise<Check> {
      const spans: Window[] = [];
      for (let count = 1; count <= repeated; count++) {
        const from = nowMs();
        await change(stage, count);
        spans.push({ from, to: nowMs() + closedWithinMs });
      }
      return (samples) => closedAtOtherTimes(samples, spans);
    },
    expects: (stage: Stage) => reloaded(stage, repeated),
    alerts: { due: {} },
  } as const;
}

/** Runs something with a copy of the env file to which a line is added. */
async function withSetting(stack: Stack, line: string, use: (stack: Stack) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'bluegreen-prove-'));
  try {
    const path = join(directory, '.env');
    writeFileSync(path, `${envFileOf(stack)}\n${line}\n`, { mode: 0o600 });
    await use(readStack(path));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function envFileOf(stack: Stack): string {
  try {
    return readFileSync(envPath(stack), 'utf8');
  } catch {
    return '';
  }
}
