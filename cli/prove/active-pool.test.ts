import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { readStack } from '../stack/stack.ts';
import { activePoolScenarios } from './active-pool.ts';
import type { Stage } from './scenario.ts';

it('undo waits until a blocked pool resumes, as only time ends it', async () => {
  let asked = 0;
  const app = createServer((_, response) => {
    asked++;
    response.writeHead(asked < 4 ? 503 : 200).end();
  }).listen(0, '127.0.0.1');
  await once(app, 'listening');
  const stack = readStack(undefined);
  const settings = { ...stack.settings, BLUE_PORT: (app.address() as AddressInfo).port };
  const block = activePoolScenarios.find(({ name }) => name === 'block');
  await block?.undo({ stack: { ...stack, settings }, active: 'blue' } as Stage);
  app.close();
  expect(asked).toBeGreaterThanOrEqual(4);
});
