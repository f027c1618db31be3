import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandError } from '../command-error.ts';
import { planOf, programPath } from '../host/plan.ts';
import { stateDirectoryOf } from '../host/state-directory.ts';
import type { Stack } from '../stack.ts';
import { type Hands, outputOf, type Program } from './hands.ts';

export function hostHands(stack: Stack): Hands {
  const state = stateDirectoryOf(stack);
  const places = { LOG: state.accessLog, CONTROL: state.control, RUN: state.run };

  return {
    onEdge: (script) => outputOf({ command: ['/bin/sh', '-c', script], env: { PATH: programPath(), ...places } }),

    whyNoNetworkCut: 'both pools are on the loopback of this machine',

    async cutOff() {
      throw new CommandError('the host engine cannot cut a pool off');
    },

    async connect() {},

    async watcher(): Promise<Program> {
      const planned = planOf(stack, state).services.find(({ name }) => name === 'alert_watcher');
      if (planned === undefined) throw new CommandError('the plan has no watcher');
      const { SLACK_WEBHOOK_URL, SLACK_WEBHOOK_URL_FILE, ALERT_WEBHOOKS, ...env } = planned.env;
      const own = {
        STATE_DIR: mkdtempSync(join(tmpdir(), 'bluegreen-prove-')),
        WATCHER_PORT: String(await freePort()),
      };
      return { command: planned.command, env: { ...env, ...own } };
    },
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
