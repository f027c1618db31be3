// A site without an edge and without processes: the engine carries out commands in memory at once.
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'dotenv';
import type { Lock } from '../cli/deploy/lock.ts';
import { deployOptions, type RawDeployOptions } from '../cli/deploy/options.ts';
import { preflight } from '../cli/deploy/preflight.ts';
import { Run } from '../cli/deploy/run.ts';
import { type Engine, servicesOf } from '../cli/engine/engine.ts';
import { readStack, type Stack } from '../cli/stack/stack.ts';
import { CommandError } from '../cli/terminal/command-error.ts';
import { type JournalRecord, readJournal } from '../journal/record.ts';
import { otherPool, type Pool } from '../settings/pool.ts';
import { health } from './looks.ts';

const rawOptions: RawDeployOptions = {
  release: 'v2',
  smoke: [],
  smokePath: [],
  bake: '0',
  maxErrorRate: '1%',
  switch: true,
  yes: true,
};

export class StandInSite {
  active: Pool = 'blue';
  canaryPercent = 0;
  isUp = true;
  /** The release that each pool really runs. */
  readonly running: Record<Pool, string> = { blue: 'v1', green: 'v0' };
  /** The pool that loses half of its requests: 50 of 100 between two reads of the counters. */
  lossy: Pool | undefined;
  /** What the prober has flagged. */
  readonly down: Record<Pool, boolean> = { blue: false, green: false };
  /** Pools that were replaced, in this order. */
  readonly replaced: Pool[] = [];
  /** Called before a verb of the edge is carried out. If it throws, the verb fails. */
  before: (verb: string, ...args: string[]) => void = () => {};
  health = health;
  alerts: readonly object[] = [];
  /** If set, the watcher's answer to everything. */
  watcherSays: string | undefined;
  /** Called when a deploy reaches a step. */
  reached: (step: string) => void = () => {};
  readonly stack: Stack;
  readonly engine: Engine;
  readonly #directory: string;
  readonly #servers: readonly Server[];
  #journal = '';
  #looks = 0;

  private constructor(directory: string, servers: readonly Server[]) {
    this.#directory = directory;
    this.#servers = servers;
    this.stack = { ...readStack(join(directory, '.env')), root: directory };
    this.engine = {
      name: 'host',
      with: () => this.engine,
      isUp: async () => this.isUp,
      services: async () => servicesOf(this.stack).map((name) => ({ name, state: 'running', detail: 'pid 1' })),
      replace: async (pool: Pool) => {
        this.replaced.push(pool);
        this.running[pool] = this.planned[`RELEASE_ID_${pool.toUpperCase()}`] ?? '';
      },
      lastLines: async () => '',
      edge: async (verb: string, ...args: string[]) => this.#edge(verb, ...args),
      down: async () => {
        this.isUp = false;
      },
    } as unknown as Engine;
  }

  static async open(): Promise<StandInSite> {
    const directory = mkdtempSync(join(tmpdir(), 'bluegreen-site-'));
    let site: StandInSite | undefined;
    const pool = (name: Pool) => () => ({ headers: { 'x-release-id': site?.running[name] ?? '' }, body: 'ok' });
    const [edge, blue, green, watcher] = await Promise.all([
      serve(() => ({ headers: { 'x-app-pool': site?.active ?? '' }, body: 'ok' })),
      serve(pool('blue')),
      serve(pool('green')),
      serve((path) => ({
        headers: {},
        body: site?.watcherSays ?? JSON.stringify(site?.watcherAnswer(path)),
      })),
    ]);
    const settings = {
      NGINX_PORT: edge.port,
      BLUE_PORT: blue.port,
      GREEN_PORT: green.port,
      WATCHER_PORT: watcher.port,
      RELEASE_ID_BLUE: 'v1',
      RELEASE_ID_GREEN: 'v0',
      PROBE_INTERVAL_MS: 50,
      DEPLOY_TIMEOUT: '5s',
      DRAIN_TIMEOUT: '10ms',
      HOOKS_DIR: directory,
      BLUEGREEN_ACTOR: 'alice',
    };
    const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
    writeFileSync(join(directory, '.env'), lines.join(''));
    site = new StandInSite(
      directory,
      [edge, blue, green, watcher].map(({ server }) => server),
    );
    return site;
  }

  close(): void {
    for (const server of this.#servers) server.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** A deploy of v2 that has passed its preflight. */
  async deploy(options: Partial<RawDeployOptions> = {}, signal = new AbortController().signal): Promise<Run> {
    const start = await preflight(this.stack, this.engine);
    const lock: Lock = { at: (step) => this.reached(step), release: () => {} };
    const wanted = deployOptions({ ...rawOptions, ...options });
    return new Run(this.stack, this.engine, wanted, start, { lock, signal });
  }

  /** The variables of the env file. */
  get planned(): Record<string, string> {
    return parse(readFileSync(join(this.#directory, '.env')));
  }

  get records(): readonly JournalRecord[] {
    return readJournal(this.#journal).records;
  }

  write(...records: readonly JournalRecord[]): void {
    for (const record of records) this.#journal += `${JSON.stringify(record)}\n`;
  }

  watcherAnswer(path: string): unknown {
    switch (path) {
      case '/healthz':
        return this.health;
      case '/alerts':
        return this.alerts;
      default:
        return this.counters();
    }
  }

  /** The watcher's counters. */
  counters() {
    this.#looks++;
    const counted = (pool: Pool) => {
      const lost = pool === this.lossy ? this.#looks * 50 : 0;
      return { own: lost * 2, lost, latencyMs: { bounds: [], counts: [] } };
    };
    const { down } = this;
    const pools = { blue: counted('blue'), green: counted('green') };
    return { startedAtMs: 1, nowMs: Date.now(), lagBytes: 0, active: this.active, down, pools };
  }

  #edge(verb: string, ...args: string[]): string {
    this.before(verb, ...args);
    const record = args.find((arg) => arg.startsWith('{'));
    if (record !== undefined) this.#journal += `${record}\n`;
    switch (verb) {
      case 'switch':
        this.active = args[0] as Pool;
        return '';
      case 'canary':
        this.canaryPercent = Number(args[0]) || 0;
        return '';
      case 'status':
        return this.#status();
      case 'inspect':
        return `{"edge":${this.#status()},"canaryPercent":${this.canaryPercent},"muted":null}\n${this.#journal}`;
      case 'journal':
        return this.#journal;
      case 'inflight':
        return '0';
      default:
        return '';
    }
  }

  #status(): string {
    const down = { blue_down: this.down.blue, green_down: this.down.green };
    return JSON.stringify({
      active: this.active,
      group: `${this.active}_first`,
      ...down,
      maintenance: false,
      nginx: '1',
    });
  }

  /** Makes the other pool active without a command. */
  switchByHand(): void {
    this.active = otherPool(this.active);
  }
}

/** The error of the edge if nginx is not running. */
export function edgeIsGone(): never {
  throw new CommandError('the edge does not answer on its status port', { next: './bluegreen status' });
}

async function serve(answer: (path: string) => { headers: Record<string, string>; body: string }) {
  const server = createServer((request, response) => {
    const { headers, body } = answer(request.url ?? '');
    response.writeHead(200, headers).end(body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}
