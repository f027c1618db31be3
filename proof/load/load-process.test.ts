import { expect, it } from 'vitest';
import { startLoadProcess } from './load-process.ts';

const question = { check: 'http', path: '/', headers: {}, statuses: ['2xx'] } as const;
const options = {
  site: { url: 'http://127.0.0.1:1' },
  rate: 1,
  clients: 0,
  mix: { app: 'any', question },
  userAgent: 'proof',
} as const;

it('a load that was killed reports it when its samples are requested, and only then', async () => {
  const load = await startLoadProcess(options);
  load.kill();
  await expect(load.end()).rejects.toThrow('the load process exited early (SIGKILL)');
  await expect(load.end()).rejects.toThrow('the load process exited early (SIGKILL)');
});
