import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LiveFile } from '../certificates/live-file.ts';
import { defaults, type Options } from '../certificates/options.ts';
import type { Pair } from '../certificates/pair.ts';
import {
  type Certificate,
  type CertificatesReport,
  certificatesFile,
  parseCertificates,
} from '../certificates/report.ts';
import { programPath } from '../cli/engine/host/plan.ts';
import type { AcmeCa } from './acme-ca.ts';
import { eventually } from './condition.ts';

const program = fileURLToPath(new URL('./certificates-process.ts', import.meta.url));

const soon = { firstMs: 200, longestMs: 1_000 };

/** In a hurry, and looks at no domain before it asks the CA. */
export const hurried: Options = {
  ...defaults,
  backoff: { refused: soon, unreachable: soon, local: soon },
  readEveryMs: 100,
  reportEveryMs: 100,
  look: undefined,
};

/** The program `certificates` as a process with directories of its own, which can be killed and started again. */
export class CertificatesProgram {
  readonly directory = mkdtempSync(join(tmpdir(), 'bluegreen-certificates-'));
  readonly tlsDirectory = join(this.directory, 'certificates');
  readonly publicDirectory = join(this.directory, 'acme');
  /** What all processes printed. */
  output = '';
  #child: ChildProcess | undefined;

  /** Returns when the program has written its first report. */
  async start(env: NodeJS.ProcessEnv, options: Options = hurried): Promise<void> {
    const startedMs = Date.now();
    this.#child = spawn(process.execPath, [program, JSON.stringify(options)], {
      env: { PATH: programPath(), TLS_DIR: this.tlsDirectory, ACME_DIR: this.publicDirectory, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // So that a test can kill it with all that it started, as the engines do.
      detached: true,
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on('data', (chunk) => {
        this.output += chunk;
      });
    await eventually('the first report', () => (this.#read()?.atMs ?? 0) >= startedMs);
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  /** Ends the program and lego at the same moment. */
  async killAll(): Promise<void> {
    const child = this.#child;
    if (child?.pid === undefined) return;
    const ended = once(child, 'exit');
    process.kill(-child.pid, 'SIGKILL');
    await ended;
  }

  live(domain: string): Pair | undefined {
    return new LiveFile(this.tlsDirectory, domain).read();
  }

  serial(domain: string): string | undefined {
    return this.live(domain)?.certificate.serialNumber;
  }

  entry(domain: string): Certificate | undefined {
    return this.#read()?.certificates.find((certificate) => certificate.domain === domain);
  }

  /** Waits until the report says something about a domain. */
  async until(what: string, domain: string, look: (entry: Certificate) => boolean, deadlineMs = 30_000) {
    const seen = () => {
      const entry = this.entry(domain);
      return entry !== undefined && look(entry) ? entry : undefined;
    };
    return eventually(what, seen, deadlineMs).catch((cause: unknown) => {
      throw new Error(`${what}: ${JSON.stringify(this.entry(domain))}\n${this.output.slice(-3_000)}`, { cause });
    });
  }

  #read(): CertificatesReport | undefined {
    try {
      return parseCertificates(readFileSync(join(this.publicDirectory, certificatesFile), 'utf8'));
    } catch {
      return undefined;
    }
  }

  async close(): Promise<void> {
    await this.stop('SIGKILL');
    rmSync(this.directory, { recursive: true, force: true });
  }
}

export function acmeEnv(ca: AcmeCa, domains: string): NodeJS.ProcessEnv {
  return {
    DOMAINS: domains,
    ACME_EMAIL: 'ops@shop.test',
    ACME_DIRECTORY: ca.directoryUrl,
    ACME_CA_FILE: ca.rootFile,
    EDGE_ADDRESS: `127.0.0.1:${ca.httpPort}`,
  };
}

/** Serves the challenges of several programs, as the edge of each does. */
export async function challengeServer(port: number, directories: () => readonly string[]) {
  const server = createServer((request, response) => {
    const path = directories()
      .map((directory) => join(directory, request.url ?? '/'))
      .find(existsSync);
    if (path === undefined) response.writeHead(404).end('nothing here');
    else response.end(readFileSync(path));
  }).listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
