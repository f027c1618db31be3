import { createServer } from 'node:http';
import { pino } from 'pino';
import { startProgram } from '../system/program.ts';
import { createApplication } from './application.ts';
import { Chaos } from './chaos.ts';
import { readConfig } from './config.ts';
import { Drain } from './drain.ts';
import { healthShortcut } from './health.ts';
import { serverOptions } from './server-options.ts';
import { Sockets } from './sockets.ts';

startProgram('app', () => {
  const config = readConfig();
  const { pool, release, port, bindAddress } = config;
  const log = pino({ base: { service: `app_${pool}`, release } });
  const chaos = new Chaos();
  const sockets = new Sockets(config, chaos);
  const server = createServer({ ...serverOptions, shouldUpgradeCallback: (request) => sockets.wants(request) });
  const drain = new Drain(server, { leaveMs: 1_000, limitMs: 25_000 });
  const application = createApplication(config, chaos, drain, log);
  const answerCheck = healthShortcut(config, chaos, drain);
  server.on('request', (request, response) => {
    if (!answerCheck(request, response)) application(request, response);
  });
  server.on('upgrade', (request, socket, head) => {
    drain.leaveOpen(socket);
    sockets.accept(request, socket, head);
  });
  server.on('error', (error) => {
    log.fatal({ err: error }, 'cannot listen');
    process.exit(1);
  });
  server.listen(port, bindAddress, () => log.info({ port, bindAddress }, 'serving'));

  return async () => {
    log.info('draining');
    const cut = await drain.run(() => {
      chaos.stop();
      sockets.close();
    });
    if (cut > 0) log.warn({ cut }, 'stopped; requests that took too long were cut');
    else log.info('stopped; every request was answered');
  };
});
