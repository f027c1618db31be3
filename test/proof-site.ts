import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'dotenv';
import { expect } from 'vitest';
import { otherPool, type Pool, pools } from '../settings/pool.ts';
import type { Channel } from './channel.ts';
import { eventually } from './condition.ts';
import { MixedLoad } from './mixed-load.ts';
import type { RunningCommand } from './running-command.ts';
import { expectDone, type Outcome, type TestStack } from './stack.ts';
import { type Failure, failureLines, type Tally } from './tally.ts';

/** What is different from engine to engine. */
export interface Ground {
  readonly stack: TestStack;
  readonly channel: Channel;
  /** The arguments by which a user deploys a release; the first word of its name says what will become of it. */
  release(name: string): string[];
  /** All containers or processes are gone at once, and nothing knew of it before. */
  powerCut(): Promise<void>;
  /** As the machine does when it has power again. */
  powerOn(): Promise<void>;
  remove(): Promise<void>;
}

/** Of POSTs: what comes until a broken release is noticed. */
const mostExcused = 40;

/** Short, so that a release that fails does so soon. */
export const proofSettings = { DEPLOY_TIMEOUT: '5s', DRAIN_TIMEOUT: '2s', ALERT_COOLDOWN_SEC: '1' };

/** Visitors as a canary takes them: the first of a hundred, the last, and some between. */
const buckets = ['00', '29', '30', '65', '99'];

/** Of a log, when something is to be explained. */
const mostLinesRead = 20_000;
const mostLinesTold = 40;

/** What is to be interrupted in the middle takes so long; nobody waits for it. */
export const heldMs = 60_000;

/** What `status --json` tells, as far as it is looked at. */
export interface Told {
  readonly edge: {
    readonly active: Pool;
    readonly serving: Pool;
    readonly down: Readonly<Record<Pool, boolean>>;
    readonly maintenance: boolean;
  };
  readonly canaryPercent: number;
  readonly pools: readonly { pool: Pool; healthy: boolean; release: string; reported?: string; planned: string }[];
  readonly deploy?: { readonly alive: boolean; readonly step: string; readonly switched: boolean };
  readonly last?: { readonly what: string; readonly release?: string | undefined; readonly result: string };
  readonly watcher?: { readonly openIncidents: readonly { readonly kind: string }[] };
}

/** A site with visitors, on which an operator works. */
export class ProofSite {
  readonly ground: Ground;
  readonly stack: TestStack;
  #load: MixedLoad | undefined;
  readonly #hooks = mkdtempSync(join(tmpdir(), 'bluegreen-hooks-'));

  constructor(ground: Ground) {
    this.ground = ground;
    this.stack = ground.stack;
  }

  async open(): Promise<void> {
    this.stack.configure({ HOOKS_DIR: this.#hooks });
    // Holds up the releases that are named for it, so that the deploy can be interrupted there.
    const script = `#!/bin/sh\ncase $RELEASE_ID in *-hook*) sleep ${heldMs / 1_000} ;; esac\n`;
    writeFileSync(join(this.#hooks, 'pre-switch'), script, { mode: 0o755 });
    expectDone(await this.stack.bluegreen('up'));
  }

  /** The visitors come. */
  begin(): void {
    this.#load = new MixedLoad(this.stack.url);
  }

  /** The visitors leave. */
  async end(): Promise<void> {
    const tally = await this.#load?.stop();
    this.#load = undefined;
    if (tally !== undefined) expectAllServed('until the end', tally);
  }

  async remove(): Promise<void> {
    await this.#load?.stop();
    await this.ground.remove();
    rmSync(this.#hooks, { recursive: true, force: true });
  }

  get load(): MixedLoad {
    if (this.#load === undefined) throw new Error('nobody visits the site');
    return this.#load;
  }

  /** What has become of all requests since the last time. */
  taken(): Promise<Tally> {
    return this.load.take();
  }

  deploy(name: string, ...args: string[]): Promise<Outcome> {
    return this.stack.bluegreen('deploy', ...this.ground.release(name), ...args);
  }

  startDeploy(name: string, ...args: string[]): RunningCommand {
    return this.stack.start('deploy', ...this.ground.release(name), ...args);
  }

  async told(): Promise<Told> {
    return JSON.parse(expectDone(await this.stack.bluegreen('status', '--json')).stdout);
  }

  envFile(): Record<string, string> {
    return parse(readFileSync(this.stack.envFile));
  }

  /** Both pools can serve, so that the next command is not refused. */
  bothUp(): Promise<Told> {
    return eventually('both pools to be up', async () => {
      const told = await this.told();
      const { down } = told.edge;
      return !down.blue && !down.green && told.pools.every(({ healthy }) => healthy) ? told : undefined;
    });
  }

  /** The watcher has nothing left to tell of what happened until now, such as that a failover has ended. */
  async untilCalm(): Promise<void> {
    await eventually('no incident to be open', async () => (await this.told()).watcher?.openIncidents.length === 0);
    await this.ground.channel.untilQuiet();
  }

  /** What `status` tells is what the pools and the edge really do. */
  async expectStatusTrue(): Promise<Told> {
    let told: Told | undefined;
    // A pool that just starts or stops is caught by one of the two and not by the other; then both are asked again.
    await eventually('status to be true', async () => {
      told = await this.told();
      const { edge, canaryPercent } = told;
      const seen = await Promise.all(pools.map((pool) => this.#lookAt(pool)));
      expect(told.pools.map(({ pool, healthy, reported }) => ({ pool, healthy, reported }))).toEqual(seen);
      const expected =
        edge.down[edge.active] && !edge.down[otherPool(edge.active)] ? otherPool(edge.active) : edge.active;
      expect(edge.serving).toBe(expected);
      expect(edge.down[edge.active]).toBe(false);
      const canary = otherPool(edge.active);
      for (const bucket of buckets) {
        const visitsCanary = Number(bucket) < canaryPercent && !edge.down[canary];
        const { status, pool } = await this.#visitAs(bucket);
        if (edge.maintenance) expect(status).toBe(503);
        else expect(pool).toBe(visitsCanary ? canary : edge.serving);
      }
      const file = this.envFile();
      for (const { pool, planned } of told.pools) {
        expect(planned).toBe(file[`RELEASE_ID_${pool.toUpperCase()}`] ?? `${pool}-release-1.0.0`);
      }
      return true;
    });
    return told as Told;
  }

  /** The deploy went through; if not, it fails with what it said, and what the edge and the prober say. */
  async expectDeployed(name: string, ...args: string[]): Promise<Outcome> {
    const outcome = await this.deploy(name, ...args);
    if (outcome.exitCode !== 0) throw new Error(`${outcome.stderr}\n${await this.#rerouting()}`);
    return outcome;
  }

  /** One request goes to that pool; if not, it fails with what the edge and the prober say of it. */
  async expectServedBy(wanted: Pool): Promise<void> {
    const { pool } = await this.stack.ask();
    if (pool !== wanted)
      throw new Error(`${pool ?? 'nobody'} answered in place of ${wanted}\n${await this.#rerouting()}`);
  }

  /** The channel has heard of no failover and of no pool that was down; if it has, it fails with what the edge and the prober say of it. */
  async expectNoPoolLeft(): Promise<void> {
    const texts = await this.ground.channel.texts(/Failover|Recovery|Standby down/);
    if (texts.length > 0) throw new Error(`${texts.join('\n')}\n${await this.#rerouting()}`);
  }

  /** The last requests that another pool answered than the active one, or that were tried twice; and what the prober said. */
  async #rerouting(): Promise<string> {
    const lines = async (log: string) =>
      expectDone(await this.stack.bluegreen('logs', log, '--lines', String(mostLinesRead)))
        .stdout.trimEnd()
        .split('\n');
    const [access, prober] = await Promise.all([lines('access'), lines('health_prober')]);
    const odd = access.filter((line) => !/^pool=(\w+) release=\S+ active=\1 .*? upstream_status="\d+"/.test(line));
    return [...odd.slice(-mostLinesTold), ...prober.slice(-mostLinesTold)].join('\n');
  }

  async #visitAs(bucket: string): Promise<{ status: number; pool: string | null }> {
    const answer = await fetch(`${this.stack.url}/version`, { headers: { cookie: `bluegreen_bucket=${bucket}` } });
    await answer.body?.cancel();
    return { status: answer.status, pool: answer.headers.get('x-app-pool') };
  }

  async #lookAt(pool: Pool) {
    try {
      const answer = await fetch(`http://127.0.0.1:${this.stack.ports[pool]}/healthz`);
      return { pool, healthy: answer.ok, reported: answer.headers.get('x-release-id') ?? undefined };
    } catch {
      return { pool, healthy: false, reported: undefined };
    }
  }
}

/** The release that each pool reports. */
export function releasesOf({ pools: told }: Told): Readonly<Record<Pool, string | undefined>> {
  const of = (pool: Pool) => told.find((one) => one.pool === pool)?.reported;
  return { blue: of('blue'), green: of('green') };
}

/** Prints the counts and fails with what failed, but for what may. */
export function expectAllServed(
  scenario: string,
  tally: Tally,
  mayFail: (failure: Failure) => boolean = () => false,
): void {
  const failed = tally.failures.filter((failure) => !mayFail(failure));
  const excused = tally.failures.length - failed.length;
  console.log(
    `${scenario}: ${tally}${excused > 0 ? `; ${excused} of the failed were POSTs that may not be repeated` : ''}`,
  );
  expect(failureLines(failed)).toEqual([]);
  expect(excused).toBeLessThan(mostExcused);
  expect(tally.isAccountedFor).toBe(true);
}
