import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask, isOk } from '../edge/http.ts';
import type { Engine } from '../engine/engine.ts';
import { planOf, programPath } from '../engine/host/plan.ts';
import { internalPorts } from '../engine/host/ports.ts';
import { stateDirectoryOf } from '../engine/host/state-directory.ts';
import { directHost, type Stack } from '../stack/stack.ts';
import { CommandError } from '../terminal/command-error.ts';
import { type Hands, mutingVariables, outputOf } from './hands.ts';

export function hostHands(stack: Stack, engine: Pick<Engine, 'inject'>): Hands {
  const state = stateDirectoryOf(stack);
  const runDirectory = () =>
    state.plan.read()?.services.find(({ name }) => name === 'nginx_proxy')?.env.RUN_DIR ?? state.run;
  const places = () => ({ LOG: state.accessLog, CONTROL: state.control, RUN: runDirectory() });

  return {
    onEdge: (script) => outputOf({ command: ['/bin/sh', '-c', script], env: { PATH: programPath(), ...places() } }),

    noNetworkCutReason: 'both pools are on the loopback interface of this machine',

    async disconnect() {
      throw new CommandError('the host engine cannot disconnect a pool from the network');
    },

    async connect() {},

    kill: (name) => engine.inject(name, 'kill'),

    async watcher() {
      const planned = planOf(stack, state).services.find(({ name }) => name === 'alert_watcher');
      if (planned === undefined) throw new CommandError('the plan has no watcher');
      const muting = Object.fromEntries(mutingVariables.map((name) => [name, '']));
      const port = await freePort();
      const own = { STATE_DIR: mkdtempSync(join(tmpdir(), 'bluegreen-prove-')), WATCHER_PORT: String(port) };
      const host = directHost(stack.settings);
      return {
        command: planned.command,
        env: { ...planned.env, ...muting, ...own },
        cleanUp: 'rm -rf "$STATE_DIR"',
        health: async () => (await ask(`http://${host}:${port}/healthz`)).body,
      };
    },

    isProberHealthy: async () => isOk(await ask(`http://127.0.0.1:${internalPorts(stack.settings).prober}/healthz`)),
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
