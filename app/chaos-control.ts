import { type RequestHandler, Router } from 'express';
import type { Logger } from 'pino';
import { type Chaos, chaosModes, isChaosMode } from './chaos.ts';
import { actOut, chaosActs, isChaosAct } from './chaos-act.ts';

/** `POST /chaos/start?mode=…` and `POST /chaos/stop`, for those who reach the app directly. */
export function chaosControl(chaos: Chaos, log: Logger): Router {
  const router = Router({ caseSensitive: true, strict: true });

  router.use((request, _response, next) => {
    // The edge always sends this header, so visitors find no such path.
    next(request.headers['x-forwarded-for'] === undefined ? undefined : 'router');
  });

  router
    .route('/chaos/start')
    .post((request, response) => {
      const mode = request.query.mode ?? 'error';
      if (isChaosAct(mode)) {
        if (!actOut(mode, request, response)) return;
      } else if (isChaosMode(mode)) {
        chaos.start(mode);
      } else {
        const modes = [...chaosModes, ...chaosActs];
        response.status(400).json({ status: 'error', message: 'unknown chaos mode', modes });
        return;
      }
      log.warn({ mode }, 'chaos started');
      response.json({ message: `Simulation mode '${mode}' activated` });
    })
    .all(postOnly);

  router
    .route('/chaos/stop')
    .post((_request, response) => {
      chaos.stop();
      log.info('chaos stopped');
      response.json({ message: 'Simulation stopped' });
    })
    .all(postOnly);

  return router;
}

const postOnly: RequestHandler = (_request, response) => {
  response.status(405).set('Allow', 'POST').json({ status: 'error', message: 'use POST' });
};
