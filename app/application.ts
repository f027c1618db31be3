import express, { type Express } from 'express';
import type { Logger } from 'pino';
import type { Chaos } from './chaos.ts';
import { chaosControl } from './chaos-control.ts';
import { chaosFault } from './chaos-fault.ts';
import type { AppConfig } from './config.ts';
import type { Drain } from './drain.ts';
import { echo } from './echo.ts';
import { notFound, onFailure } from './failure.ts';
import { identify } from './identity.ts';
import { largeHeaders, status } from './misbehave.ts';
import { page } from './page.ts';
import { slow } from './slow.ts';
import { expectsWebSocket } from './sockets.ts';
import { stream } from './stream.ts';
import { trace } from './trace.ts';

/** All routes, in matching order. */
export function createApplication(config: AppConfig, chaos: Chaos, drain: Drain, log: Logger): Express {
  const { pool, release } = config;
  const app = express();
  app.disable('x-powered-by');
  // Two releases can have the same body, and a 304 would not say which of them answered.
  app.disable('etag');
  app.enable('case sensitive routing');

  app.use(identify(config), trace(log));
  if (config.chaosEnabled) app.use(chaosControl(chaos, log), chaosFault(chaos, config.healthPath));

  // The first route, because HEALTH_PATH may equal any other one, including /.
  app.get(config.healthPath, (_request, response) => {
    if (drain.phase === 'serving') response.json({ status: 'healthy', pool, release });
    else response.status(503).json({ status: 'draining', pool, release });
  });
  app.get('/version', (_request, response) => {
    response.json({ status: 'healthy', pool, release });
  });
  app.get('/', page());
  app.get('/slow', slow(config));
  app.get('/status', status);
  app.get('/headers', largeHeaders);
  app.get('/stream', stream(config));
  app.post('/echo', echo);
  app.get('/socket', expectsWebSocket);

  app.use(notFound);
  app.use(onFailure(log));
  return app;
}
