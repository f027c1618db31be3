import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { variables } from '../../../settings/variables.ts';
import { CommandError } from '../../terminal/command-error.ts';
import type { ServiceName } from '../engine.ts';
import type { Plan, PlannedService } from './state-directory.ts';

// Plans are files. The secrets of the services are in none: the command line gives them to the supervisor when it starts it, and
// afterwards over a socket that only their owner can reach.

/** What each service has in its environment besides its plan. */
export type Secrets = { readonly [S in ServiceName]?: Readonly<Record<string, string>> };

const ordinary = ['PATH', 'HOME', 'NODE_OPTIONS', 'NODE_COMPILE_CACHE'];

/** What is not declared comes from `app.env`, where anything may be secret. */
function isSecret([name]: readonly [string, string]): boolean {
  return name in variables ? variables[name as keyof typeof variables].secret : !ordinary.includes(name);
}

export function secretsOf(services: readonly PlannedService[]): Secrets {
  return Object.fromEntries(
    services.map(({ name, env }) => [name, Object.fromEntries(Object.entries(env).filter(isSecret))]),
  );
}

export function withoutSecrets(service: PlannedService): PlannedService {
  const env = Object.fromEntries(Object.entries(service.env).filter((entry) => !isSecret(entry)));
  return { ...service, env };
}

export function withSecrets({ revision, services }: Plan, secrets: Secrets): Plan {
  return {
    revision,
    services: services.map((service) => ({ ...service, env: { ...service.env, ...secrets[service.name] } })),
  };
}

/**
 * Listens for secrets, each time for some or all services.
 * @returns the path of the socket: in the directory for temporary files, because the path of a socket must be short
 */
export function listenForSecrets(take: (secrets: Secrets) => void): string {
  const path = join(mkdtempSync(join(tmpdir(), 'bluegreen-')), 'secrets');
  createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    void text(socket).then(
      (content) => {
        take(JSON.parse(content) as Secrets);
        socket.end('taken');
      },
      () => socket.destroy(),
    );
  })
    .listen(path)
    .unref();
  return path;
}

/** Returns when the supervisor has them. @throws {CommandError} if it does not take them */
export async function handOver(path: string | undefined, secrets: Secrets): Promise<void> {
  try {
    if (path === undefined) throw new Error('it was started by an older version');
    const socket = connect({ path, allowHalfOpen: true });
    await once(socket, 'connect');
    socket.end(JSON.stringify(secrets));
    if ((await text(socket)) !== 'taken') throw new Error('no answer');
  } catch (cause) {
    throw new CommandError(`the supervisor does not take new settings: ${(cause as Error).message}`, {
      next: './bluegreen down, then ./bluegreen up',
      cause,
    });
  }
}
