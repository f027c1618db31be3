import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { putCertificate } from './certificate.ts';
import { eventually } from './condition.ts';
import { runInImage, runOnHost } from './edge-run.ts';
import { freePorts } from './free-port.ts';
import { type StandInPool, startStandInPool } from './stand-in-pool.ts';

/** A real nginx, started by the real entrypoint, in front of two stand-in pools. */
export interface Edge {
  /** Where it answers visitors: over HTTPS if DOMAINS is set. */
  readonly url: string;
  readonly httpUrl: string;
  /** In use only if DOMAINS is set. */
  readonly httpsPort: number;
  readonly blue: StandInPool;
  readonly green: StandInPool;
  readonly process: ChildProcess;
  readonly controlDir: string;
  readonly accessLog: string;
  readonly configuration: string;
  readonly tlsDir: string;
  readonly acmeDir: string;
  /** The output of the entrypoint and nginx so far. */
  output(): string;
  /** The lines of the access log, once there are at least `count`. */
  logLines(count: number): Promise<string[]>;
  /** Runs a verb of the entrypoint. */
  verb(...args: string[]): Promise<{ exitCode: number | undefined; stdout: string; stderr: string }>;
  close(): Promise<void>;
}

/**
 * Starts an edge, with a certificate for each of DOMAINS. Its directory has a space in its name and is not accessible to
 * others, as a user's may be.
 */
export async function startEdge(
  env: Record<string, string> = {},
  options: { untilServing?: boolean; withCertificates?: boolean } = {},
): Promise<Edge> {
  const directory = mkdtempSync(join(tmpdir(), 'bluegreen edge '));
  const [port = 0, statusPort = 0, httpsPort = 0] = await freePorts(3);
  const [blue, green] = await Promise.all([startStandInPool('blue'), startStandInPool('green')]);
  const environment = {
    BIND_ADDRESS: '127.0.0.1',
    NGINX_PORT: String(port),
    STATUS_PORT: String(statusPort),
    HTTPS_PORT: String(httpsPort),
    HTTPS_LISTEN_PORT: String(httpsPort),
    BLUE_ADDRESS: blue.address,
    GREEN_ADDRESS: green.address,
    ...env,
  };
  const image = inject('edgeImage');
  const run = image === undefined ? runOnHost(directory, environment) : runInImage(image, directory, environment);
  if (options.withCertificates !== false)
    for (const domain of env.DOMAINS?.split(',') ?? []) putCertificate(run.tlsDir, domain);
  let output = '';
  for (const stream of [run.process.stdout, run.process.stderr]) {
    stream?.on('data', (chunk) => {
      output += chunk;
    });
  }
  const edge: Edge = {
    url: env.DOMAINS === undefined ? `http://127.0.0.1:${port}` : `https://127.0.0.1:${httpsPort}`,
    httpUrl: `http://127.0.0.1:${port}`,
    httpsPort,
    blue,
    green,
    process: run.process,
    controlDir: run.controlDir,
    accessLog: run.accessLog,
    configuration: run.configuration,
    tlsDir: run.tlsDir,
    acmeDir: run.acmeDir,
    output: () => output,
    logLines: (count) =>
      eventually(`${count} lines in the access log`, () => {
        const lines = existsSync(run.accessLog) ? readFileSync(run.accessLog, 'utf8').split('\n') : [];
        return lines.length > count ? lines.slice(0, -1) : undefined;
      }),
    verb: run.verb,
    async close() {
      await run.kill();
      await Promise.all([blue.close(), green.close()]);
      rmSync(directory, { recursive: true, force: true });
    },
  };
  if (options.untilServing === false) return edge;
  try {
    await eventually('the edge to serve', async () => (await edge.verb('status')).exitCode === 0);
  } catch (error) {
    await edge.close();
    throw new Error(`the edge does not serve:\n${output}`, { cause: error });
  }
  return edge;
}
