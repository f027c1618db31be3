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

/** What differs between the engines. */
export interface EngineSetup {
  readonly stack: TestStack;
  readonly channel: Channel;
  /** The arguments with which a user deploys a release. The first word of its name is its behavior; see releases.ts. */
  release(name: string): string[];
  /** Kills all containers or processes at once. */
  powerCut(): Promise<void>;
  /** Starts what a machine starts at boot. */
  powerOn(): Promise<void>;
  remove(): Promise<void>;
}

/** The limit of failed POSTs: those that arrive before a broken release is noticed. */
const maxExcused = 40;

/** Short timeouts, so that a bad release fails soon. */
export const proofSettings = { DEPLOY_TIMEOUT: '5s', DRAIN_TIMEOUT: '2s', ALERT_COOLDOWN_SEC: '1' };

/** Buckets of the canary's hundred: the first, the last, and some between. */
const buckets = ['00', '29', '30', '65', '99'];

/** Lines of a log to read, and to print, when a test fails. */
const maxLinesRead = 20_000;
const maxLinesPrinted = 40;

/** How long a step takes that is to be interrupted. No test waits for its end. */
export const holdMs = 60_000;

/** The fields of `status --json` that the tests read. */
export interface StatusReport {
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

/** A site with visitors and an operator. */
export class ProofSite {
  readonly setup: EngineSetup;
  readonly stack: TestStack;
  #load: MixedLoad | undefined;
  readonly #hooks = mkdtempSync(join(tmpdir(), 'bluegreen-hooks-'));

  constructor(setup: EngineSetup) {
    this.setup = setup;
    this.stack = setup.stack;
  }

  async open(): Promise<void> {
    this.stack.configure({ HOOKS_DIR: this.#hooks });
    // Delays releases with "-hook" in their name, so that their deploy can be interrupted there.
    const script = `#!/bin/sh\ncase $RELEASE_ID in *-hook*) sleep ${holdMs / 1_000} ;; esac\n`;
    writeFileSync(join(this.#hooks, 'pre-switch'), script, { mode: 0o755 });
    expectDone(await this.stack.bluegreen('up'));
  }

  /** Starts the load. */
  begin(): void {
    this.#load = new MixedLoad(this.stack.url);
  }

  /** Stops the load. */
  async end(): Promise<void> {
    const tally = await this.#load?.stop();
    this.#load = undefined;
    if (tally !== undefined) expectAllServed('until the end', tally);
  }

  async remove(): Promise<void> {
    await this.#load?.stop();
    await this.setup.remove();
    rmSync(this.#hooks, { recursive: true, force: true });
  }

  get load(): MixedLoad {
    if (this.#load === undefined) throw new Error('the load has not been started');
    return this.#load;
  }

  /** The results of all requests since the last call. */
  takeTally(): Promise<Tally> {
    return this.load.take();
  }

  deploy(name: string, ...args: string[]): Promise<Outcome> {
    return this.stack.bluegreen('deploy', ...this.setup.release(name), ...args);
  }

  startDeploy(name: string, ...args: string[]): RunningCommand {
    return this.stack.start('deploy', ...this.setup.release(name), ...args);
  }

  async statusReport(): Promise<StatusReport> {
    return JSON.parse(expectDone(await this.stack.bluegreen('status', '--json')).stdout);
  }

  envFile(): Record<string, string> {
    return parse(readFileSync(this.stack.envFile));
  }

  /** Both pools can serve, so that the next command is not refused. */
  bothUp(): Promise<StatusReport> {
    return eventually('both pools to be up', async () => {
      const report = await this.statusReport();
      const { down } = report.edge;
      return !down.blue && !down.green && report.pools.every(({ healthy }) => healthy) ? report : undefined;
    });
  }

  /** Waits until the watcher has sent its alerts about everything up to now, such as the end of a failover. */
  async untilAlertsSent(): Promise<void> {
    await eventually(
      'no incident to be open',
      async () => (await this.statusReport()).watcher?.openIncidents.length === 0,
    );
    await this.setup.channel.untilQuiet();
  }

  /** Expects that `status` shows what the pools and the edge really do. */
  async expectAccurateStatus(): Promise<StatusReport> {
    let report: StatusReport | undefined;
    // If a pool starts or stops between the two looks, they differ, and both are repeated.
    await eventually('status to be accurate', async () => {
      report = await this.statusReport();
      const { edge, canaryPercent } = report;
      const seen = await Promise.all(pools.map((pool) => this.#lookAt(pool)));
      expect(report.pools.map(({ pool, healthy, reported }) => ({ pool, healthy, reported }))).toEqual(seen);
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
      for (const { pool, planned } of report.pools) {
        expect(planned).toBe(file[`RELEASE_ID_${pool.toUpperCase()}`] ?? `${pool}-release-1.0.0`);
      }
      return true;
    });
    return report as StatusReport;
  }

  /** Expects the deploy to succeed. Otherwise fails with its output and the log lines of the edge and the prober. */
  async expectDeployed(name: string, ...args: string[]): Promise<Outcome> {
    const outcome = await this.deploy(name, ...args);
    if (outcome.exitCode !== 0) throw new Error(`${outcome.stderr}\n${await this.#rerouting()}`);
    return outcome;
  }

  /** Expects one request to go to the pool. Otherwise fails with the log lines of the edge and the prober. */
  async expectServedBy(wanted: Pool): Promise<void> {
    const { pool } = await this.stack.ask();
    if (pool !== wanted)
      throw new Error(`${pool ?? 'no pool'} answered in place of ${wanted}\n${await this.#rerouting()}`);
  }

  /** Expects no alert about a failover or a standby that is down. Otherwise fails with the log lines of the edge and the prober. */
  async expectNoFailover(): Promise<void> {
    const texts = await this.setup.channel.texts(/Failover|Recovery|Standby down/);
    if (texts.length > 0) throw new Error(`${texts.join('\n')}\n${await this.#rerouting()}`);
  }

  /** The last requests that the active pool did not answer at the first attempt, and the last lines of the prober. */
  async #rerouting(): Promise<string> {
    const lines = async (log: string) =>
      expectDone(await this.stack.bluegreen('logs', log, '--lines', String(maxLinesRead)))
        .stdout.trimEnd()
        .split('\n');
    const [access, prober] = await Promise.all([lines('access'), lines('health_prober')]);
    const odd = access.filter((line) => !/^pool=(\w+) release=\S+ active=\1 .*? upstream_status="\d+"/.test(line));
    return [...odd.slice(-maxLinesPrinted), ...prober.slice(-maxLinesPrinted)].join('\n');
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
export function releasesOf({ pools: reported }: StatusReport): Readonly<Record<Pool, string | undefined>> {
  const of = (pool: Pool) => reported.find((one) => one.pool === pool)?.reported;
  return { blue: of('blue'), green: of('green') };
}

/** Prints the counts, and expects no failures except those that `mayFail` allows. */
export function expectAllServed(
  scenario: string,
  tally: Tally,
  mayFail: (failure: Failure) => boolean = () => false,
): void {
  const failed = tally.failures.filter((failure) => !mayFail(failure));
  const excused = tally.failures.length - failed.length;
  console.log(
    `${scenario}: ${tally}${excused > 0 ? `; ${excused} of the failed were POSTs that must not be repeated` : ''}`,
  );
  expect(failureLines(failed)).toEqual([]);
  expect(excused).toBeLessThan(maxExcused);
  expect(tally.isAccountedFor).toBe(true);
}
