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
import { type Hands, outputOf, silencedVariables } from './hands.ts';

export function hostHands(stack: Stack, engine: Pick<Engine, 'inject'>): Hands {
  const state = stateDirectoryOf(stack);
  const places = { LOG: state.accessLog, CONTROL: state.control, RUN: state.run };

  return {
    onEdge: (script) => outputOf({ command: ['/bin/sh', '-c', script], env: { PATH: programPath(), ...places } }),

    whyNoNetworkCut: 'both pools are on the loopback of this machine',

    async cutOff() {
      throw new CommandError('the host engine cannot cut a pool off');
    },

    async connect() {},

    kill: (name) => engine.inject(name, 'kill'),

    async watcher() {
      const planned = planOf(stack, state).services.find(({ name }) => name === 'alert_watcher');
      if (planned === undefined) throw new CommandError('the plan has no watcher');
      const silence = Object.fromEntries(silencedVariables.map((name) => [name, '']));
      const port = await freePort();
      const own = { STATE_DIR: mkdtempSync(join(tmpdir(), 'bluegreen-prove-')), WATCHER_PORT: String(port) };
      const host = directHost(stack.settings);
      return {
        command: planned.command,
        env: { ...planned.env, ...silence, ...own },
        cleanUp: 'rm -rf "$STATE_DIR"',
        health: async () => (await ask(`http://${host}:${port}/healthz`)).body,
      };
    },

    isProberWell: async () => isOk(await ask(`http://127.0.0.1:${internalPorts(stack.settings).prober}/healthz`)),
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
