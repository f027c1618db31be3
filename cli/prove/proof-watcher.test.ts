import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { hostEngine } from '../engine/host/engine.ts';
import { readStack } from '../stack/stack.ts';
import type { Hands } from './hands.ts';
import { hostHands } from './host-hands.ts';
import { startProofWatcher } from './proof-watcher.ts';

const started = 'echo \'{"msg":"watcher started"}\'';

function handsWith(script: string, health: string): Hands {
  const program = { command: ['/bin/sh', '-c', script], env: process.env, health: async () => health } as const;
  return { watcher: async () => program } as unknown as Hands;
}

describe("the proof's own watcher", () => {
  it('reports whether it reads the log', async () => {
    const reading = await startProofWatcher(handsWith(`${started}; exec sleep 60`, '{"log":{"state":"reading"}}'));
    expect(await reading.silenceReason()).toBeUndefined();
    await reading.stop();
    const failing = await startProofWatcher(handsWith(`${started}; exec sleep 60`, '{"log":{"state":"failing"}}'));
    expect(await failing.silenceReason()).toBe("the proof's watcher does not read the log (failing)");
    await failing.stop();
  });

  it('reports that it has died, as its silence then proves nothing', async () => {
    const dead = await startProofWatcher(handsWith(`${started}; echo 'out of memory' >&2; exit 1`, ''));
    await expect.poll(() => dead.silenceReason()).toMatch(/^the proof.s watcher does not answer:\n.*out of memory$/s);
    await dead.stop();
  });

  it('leaves no directory behind on the host engine', async () => {
    const stack = readStack(undefined);
    const program = await hostHands(stack, hostEngine(stack)).watcher();
    const folder = program.env.STATE_DIR ?? '';
    expect(existsSync(folder)).toBe(true);
    const hands = handsWith(`${started}; exec sleep 60`, '');
    const watcher = await startProofWatcher({
      ...hands,
      watcher: async () => ({ ...program, command: (await hands.watcher()).command }),
    });
    await watcher.stop();
    expect(existsSync(folder)).toBe(false);
  });
});
