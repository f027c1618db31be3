// Healthy and broken releases of an app: the demo app with a behavior that BEHAVIOUR or the first word of RELEASE_ID selects.
// It is run from an image, or by BLUE_CMD and GREEN_CMD, as a user's app is.
import { createServer } from 'node:http';
import { pino } from 'pino';
import { createApplication } from '../app/application.ts';
import { Chaos } from '../app/chaos.ts';
import { readConfig } from '../app/config.ts';
import { Drain } from '../app/drain.ts';
import { serverOptions } from '../app/server-options.ts';
import { Sockets } from '../app/sockets.ts';
import { startProgram } from '../system/program.ts';

/** How many requests a `tired` release serves. It answers all later ones 500, and still passes its health checks. */
const tiredAfter = 30;

const behaviour = process.env.BEHAVIOUR ?? process.env.RELEASE_ID?.split('-', 1)[0];

switch (behaviour) {
  case 'gone':
    process.stderr.write('shop: no licence key, giving up\n');
    process.exit(1);
    break;
  case 'unhealthy':
    unhealthy();
    break;
  case 'tired':
    tired();
    break;
  default:
    await import('../app/main.ts');
}

/** Never becomes healthy, and says why. */
function unhealthy(): void {
  process.stdout.write('shop: the database does not know me\n');
  const { port, bindAddress } = readConfig();
  const server = createServer((_request, response) => {
    response.writeHead(500, { 'content-type': 'application/json' }).end('{"error":"no such table: carts"}');
  });
  server.listen(port, bindAddress);
  process.on('SIGTERM', () => process.exit(0));
}

function tired(): void {
  startProgram('app', () => {
    const config = readConfig();
    const chaos = new Chaos();
    const sockets = new Sockets(config, chaos);
    const server = createServer({ ...serverOptions, shouldUpgradeCallback: (request) => sockets.wants(request) });
    const drain = new Drain(server, { leaveMs: 1_000, limitMs: 25_000 });
    const application = createApplication(config, chaos, drain, pino());
    let left = tiredAfter;
    server.on('request', (request, response) => {
      if (request.url === config.healthPath || left-- > 0) application(request, response);
      else response.writeHead(500, { 'X-App-Pool': config.pool, 'X-Release-Id': config.release }).end('too tired');
    });
    server.on('upgrade', (request, socket, head) => {
      drain.leaveOpen(socket);
      sockets.accept(request, socket, head);
    });
    server.listen(config.port, config.bindAddress);
    return async () => {
      await drain.run(() => sockets.close());
    };
  });
}
