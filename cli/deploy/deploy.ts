import { randomBytes } from 'node:crypto';
import { otherPool, type Pool } from '../../settings/pool.ts';
import { duration, share } from '../../watcher/figures.ts';
import { sameEngine } from '../choose-engine.ts';
import { CommandError } from '../command-error.ts';
import { edgeStatus } from '../control-state.ts';
import { durationMs } from '../duration.ts';
import { appOf, type Engine } from '../engine.ts';
import { ask, isOk } from '../http.ts';
import { Interrupted, type Interruption } from '../interruption.ts';
import { poolStatus } from '../pool-status.ts';
import { recordLine } from '../records.ts';
import { edgeUrl, type Stack } from '../stack.ts';
import { type Say, step } from '../steps.ts';
import { switchOver } from '../switch-over.ts';
import { painted, progress, warning } from '../terminal.ts';
import { until } from '../until.ts';
import { type Baked, bake, before, beside } from './bake.ts';
import { drain } from './drain.ts';
import { type Facts, factsOf } from './facts.ts';
import { GateFailure } from './gate-failure.ts';
import { becomeHealthy } from './health-gate.ts';
import { type HookName, runHook, runLateHook } from './hooks.ts';
import type { Lock } from './lock.ts';
import type { DeployOptions } from './options.ts';
import { type Planned, planned } from './planned.ts';
import type { Start } from './preflight.ts';
import { smokeCommand, smokePaths } from './smoke.ts';
import { readTraffic } from './traffic.ts';

const logLines = 20;
const servesDeadlineMs = 6_000;
/** For replacing an app: it may take all of its stop period. */
const replaceMs = 40_000;

/**
 * One release on its way to the idle colour and, if all is well, to the visitors. Until the switch the active colour is not
 * touched; whatever fails before it ends with the old release back on the idle colour.
 */
export class Deploy {
  readonly #stack: Stack;
  readonly #engine: Engine;
  readonly #options: DeployOptions;
  readonly #start: Start;
  readonly #lock: Lock;
  readonly #signal: AbortSignal;
  readonly #id = deployId();
  readonly #startedAt = Date.now();
  readonly #pool: Pool;
  readonly #oldPool: Pool;
  #image: string | undefined;
  /** What the idle colour is to run instead, once that has been written down. */
  #planned: Planned | undefined;
  #canaryOn = false;
  #step = 'begin';

  constructor(
    stack: Stack,
    engine: Engine,
    options: DeployOptions,
    start: Start,
    { lock, interruption }: { readonly lock: Lock; readonly interruption: Interruption },
  ) {
    this.#stack = stack;
    this.#engine = engine;
    this.#options = options;
    this.#start = start;
    this.#lock = lock;
    this.#signal = interruption.signal;
    this.#pool = start.idle.pool;
    this.#oldPool = start.active.pool;
  }

  /**
   * @returns what came of it, in words
   * @throws {CommandError} when the release did not get there, or did not stay
   */
  async run(): Promise<string> {
    try {
      await this.#prepare();
      await this.#gates();
      if (!this.#options.switchOver) return await this.#waitsThere();
      await this.#hook('pre-switch');
      await this.#canary();
    } catch (error) {
      throw await this.#failed(error);
    }
    const tookMs = await this.#switchOver();
    const baked = await this.#bake();
    if (baked?.breach !== undefined) throw await this.#rollBack(baked, baked.breach);
    return this.#finished(tookMs, baked);
  }

  // ---- Until the switch ----------------------------------------------------------------------------------------------

  async #prepare(): Promise<void> {
    const { active, idle } = this.#start;
    const { release, image } = this.#options;
    const drainMs = durationMs(this.#stack.settings.DRAIN_TIMEOUT) ?? 0;
    await this.#tell({
      kind: 'deploy-started',
      ...this.#what,
      ...(image === undefined ? {} : { image }),
      replaces: idle.release,
      activeRelease: active.release,
      untilMs: Date.now() + drainMs + replaceMs + this.#gateMs,
    });
    await this.#hook('pre-deploy');
    if (image !== undefined) {
      await this.#at('image', async () => {
        this.#image = await this.#engine.fetchImage(this.#pool, image, release);
        return this.#image;
      });
    }
    await this.#drain(drainMs);
    await this.#at('replace', async () => {
      this.#planned = planned(this.#stack, this.#pool, release, this.#image);
      await sameEngine(this.#engine, this.#planned.next).replace(this.#pool);
      return `${release} in place of ${idle.release}`;
    });
    this.#signal.throwIfAborted();
  }

  async #gates(): Promise<void> {
    const { release, smokePaths: paths, smokeCommands } = this.#options;
    await this.#at('health', (say) =>
      becomeHealthy(this.#stack, this.#engine, this.#pool, this.#gateMs, { say, signal: this.#signal }),
    );
    const reported = (await poolStatus(this.#stack, this.#pool)).reported;
    if (reported !== undefined && reported !== release) {
      warning(`the app on ${this.#pool} calls itself ${reported}, not ${release}`);
    }
    if (paths.length > 0) await this.#at('smoke', () => smokePaths(this.#stack, this.#engine, paths));
    for (const command of smokeCommands) {
      await this.#at('smoke', async () => {
        await smokeCommand(command, this.#facts(), this.#gateMs, this.#signal);
        return command;
      });
    }
  }

  async #canary(): Promise<void> {
    for (const percent of this.#options.canarySteps) {
      await this.#at(`canary ${percent}%`, async (say) => {
        const begin = await readTraffic(this.#stack);
        this.#canaryOn = true;
        await this.#setCanary(percent);
        const options = { ...this.#bakeOptions, active: this.#oldPool, latencyBefore: beside(begin, this.#pool) };
        const baked = await bake(this.#stack, this.#engine, this.#pool, options, { say, signal: this.#signal });
        if (baked.overtaken) throw new GateFailure(`canary ${percent}%`, `${this.#pool} was made active by hand`);
        if (baked.breach !== undefined) throw new GateFailure(`canary ${percent}%`, baked.breach);
        return bakedText(baked);
      });
    }
  }

  async #waitsThere(): Promise<string> {
    await this.#tell({ kind: 'deploy-finished', ...this.#what, switched: false, tookMs: this.#tookMs() });
    return (
      `${this.#options.release} waits on ${this.#pool}, which ${this.#start.idle.url} shows; ` +
      `./bluegreen switch ${this.#pool} makes it active`
    );
  }

  /** Nobody's request was in danger; the standby is to be warm again. */
  async #failed(error: unknown): Promise<unknown> {
    const known = error instanceof GateFailure || error instanceof CommandError || isInterruption(error);
    if (!known) warning('this is a fault of the kit; putting things back');
    const why = isInterruption(error) ? 'stopped by hand' : error instanceof Error ? error.message : String(error);
    if (error instanceof GateFailure) await this.#showLog();
    if (this.#canaryOn) await this.#setCanary(0, why);
    const restored = await this.#restore();
    const name = this.#step;
    await this.#tell({
      kind: 'deploy-failed',
      ...this.#what,
      step: name,
      why: why.slice(0, 900),
      rolledBack: false,
      tookMs: this.#tookMs(),
      ...(restored === undefined ? {} : { restored }),
    });
    if (!known) return error;
    const standing = this.#planned === undefined ? 'nothing was changed' : this.#standingText(restored);
    return new CommandError(
      `${this.#options.release} was not deployed. ${capital(name)}: ${why}\n${capital(standing)}`,
      {
        next:
          error instanceof CommandError && error.next
            ? error.next
            : `mend it and deploy again; ./bluegreen logs app_${this.#pool}`,
      },
    );
  }

  // ---- From the switch on --------------------------------------------------------------------------------------------

  async #switchOver(): Promise<number> {
    const pool = this.#pool;
    let tookMs = 0;
    try {
      await this.#at('switch', async () => {
        const [{ down }, { healthy, health }] = await Promise.all([
          edgeStatus(this.#engine),
          poolStatus(this.#stack, pool),
        ]);
        if (down[pool] || !healthy) throw new GateFailure('switch', `${pool} is not healthy any more (${health})`);
        tookMs = await switchOver(this.#stack, this.#engine, pool, { reason: 'deploy', deploy: this.#id });
        return `${this.#oldPool} → ${pool} in ${tookMs} ms`;
      });
    } catch (error) {
      // The flag decides, whatever was seen of it.
      if ((await edgeStatus(this.#engine)).active !== pool) throw await this.#failed(error);
      warning(error instanceof Error ? error.message : String(error));
    }
    this.#canaryOn = false;
    this.#lock.at('switched', { switched: true });
    if (!(await until(servesDeadlineMs, () => this.#serves()))) {
      warning(`${pool} is active, but ${edgeUrl(this.#stack)} is not answered by it yet`);
    }
    await runLateHook(this.#stack, 'post-switch', this.#facts());
    return tookMs;
  }

  /** Through the edge, as a visitor; what an app does not say of itself is taken from the edge's status. */
  async #serves(): Promise<boolean> {
    const answer = await ask(edgeUrl(this.#stack) + this.#stack.settings.HEALTH_PATH);
    const answeredBy = answer.headers.get('x-app-pool') ?? (await edgeStatus(this.#engine)).serving;
    return isOk(answer) && answeredBy === this.#pool;
  }

  /** Undefined: it was not wanted, or stopped by hand. */
  async #bake(): Promise<Baked | undefined> {
    if (this.#options.bakeMs === 0 || this.#signal.aborted) return undefined;
    const latencyBefore = before(this.#start.traffic, await readTraffic(this.#stack), this.#pool);
    const options = { ...this.#bakeOptions, active: this.#pool, latencyBefore };
    let baked: Baked | undefined;
    try {
      await this.#at('bake', async (say) => {
        baked = await bake(this.#stack, this.#engine, this.#pool, options, { say, signal: this.#signal });
        if (baked.breach !== undefined) throw new GateFailure('bake', baked.breach);
        return bakedText(baked);
      });
    } catch (error) {
      if (!(error instanceof GateFailure) && !isInterruption(error)) throw error;
    }
    return baked;
  }

  async #rollBack(baked: Baked, why: string): Promise<CommandError> {
    const { release } = this.#options;
    const old = this.#oldPool;
    await this.#showLog();
    const [{ down }, { healthy, health }] = await Promise.all([edgeStatus(this.#engine), poolStatus(this.#stack, old)]);
    const bakedFigures = { ...this.#what, step: 'bake', why, tookMs: this.#tookMs() };
    if (down[old] || !healthy) {
      await this.#tell({ kind: 'deploy-failed', ...bakedFigures, rolledBack: false });
      return new CommandError(
        `${release} does badly on ${this.#pool}: ${why}\nNot rolled back: ${old} is not healthy either (${health}), so ${this.#pool} stays active`,
        { next: `./bluegreen logs app_${old}; ./bluegreen rollback once it is well` },
      );
    }
    const tookMs = await switchOver(this.#stack, this.#engine, old, { reason: 'bake', deploy: this.#id, why });
    this.#lock.at('rolled back', { switched: false });
    progress(painted('yellow', `rolled back by itself: ${this.#pool} → ${old} in ${tookMs} ms: ${why}`));
    await runLateHook(this.#stack, 'post-rollback', this.#facts());
    const restored = await this.#restore();
    await this.#tell({
      kind: 'deploy-failed',
      ...bakedFigures,
      rolledBack: true,
      ...(restored === undefined ? {} : { restored }),
    });
    return new CommandError(
      `${release} was rolled back after ${duration(baked.lastedMs)}: ${why}\n${capital(this.#standingText(restored))}`,
      { next: 'mend it and deploy again' },
    );
  }

  async #finished(tookMs: number, baked: Baked | undefined): Promise<string> {
    const { release, bakeMs } = this.#options;
    if (baked?.overtaken) {
      throw new CommandError(`${this.#oldPool} was made active by hand while ${release} was watched`, {
        next: './bluegreen status',
      });
    }
    const { requests = 0, failed = 0, lastedMs = 0 } = baked ?? {};
    await this.#tell({
      kind: 'deploy-finished',
      ...this.#what,
      switched: true,
      tookMs: this.#tookMs(),
      ...(baked === undefined ? {} : { bake: { lastedMs, requests, failed } }),
    });
    const active = `${release} is active on ${this.#pool}, switched in ${tookMs} ms`;
    if (bakeMs === 0) return `${active}; ./bluegreen rollback goes back to ${this.#start.active.release}`;
    if (baked === undefined) {
      throw new CommandError(`${active}, but it was not watched to the end`, {
        next: './bluegreen status, or rollback',
      });
    }
    return `${active}; ${bakedText(baked)}`;
  }

  // ---- What several steps need ---------------------------------------------------------------------------------------

  async #drain(limitMs: number): Promise<void> {
    await this.#at('drain', (say) => drain(this.#engine, this.#pool, limitMs, { say, signal: this.#signal }));
  }

  /** Puts back what the idle colour ran before; the release that is there again, undefined: none is. */
  async #restore(): Promise<string | undefined> {
    const before = this.#planned;
    if (before === undefined) return undefined;
    const { release, healthy } = this.#start.idle;
    // From here on only a second Ctrl-C stops it.
    const { signal } = new AbortController();
    try {
      await step(`put ${release} back onto ${this.#pool}`, async (say) => {
        before.undo();
        await drain(this.#engine, this.#pool, durationMs(this.#stack.settings.DRAIN_TIMEOUT) ?? 0, { say, signal });
        await this.#engine.replace(this.#pool);
        if (!healthy) return 'which was not healthy before either';
        return await becomeHealthy(this.#stack, this.#engine, this.#pool, this.#gateMs, { say, signal });
      });
      return release;
    } catch (error) {
      warning(`${this.#pool} is not well: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  }

  #standingText(restored: string | undefined): string {
    const active = `${this.#oldPool} (${this.#start.active.release}) serves`;
    return restored === undefined
      ? `${active}; ${this.#pool} is no standby now: see ./bluegreen status`
      : `${active}; ${this.#pool} is back on ${restored}`;
  }

  async #setCanary(percent: number, why?: string): Promise<void> {
    const share = percent === 0 ? 'off' : String(percent);
    const { pool, release } = this.#what;
    const record = recordLine(this.#stack, {
      kind: 'canary',
      percent,
      pool,
      release,
      ...(why === undefined ? {} : { why }),
    });
    await this.#engine.edge('canary', share, record);
    if (percent === 0) this.#canaryOn = false;
  }

  async #hook(name: HookName): Promise<void> {
    this.#step = `${name} hook`;
    this.#lock.at(this.#step);
    const ran = await runHook(this.#stack, name, this.#facts(), this.#signal);
    if (ran) process.stderr.write(`${painted('green', ' ok')} ${name} hook\n`);
    this.#signal.throwIfAborted();
  }

  async #at<T>(name: string, run: (say: Say) => Promise<T>): Promise<T> {
    this.#signal.throwIfAborted();
    this.#step = name;
    this.#lock.at(name);
    return step(name, run);
  }

  async #showLog(): Promise<void> {
    const lines = await this.#engine.lastLines(appOf(this.#pool), logLines).catch(() => '');
    if (lines !== '') process.stderr.write(`--- the last lines of app_${this.#pool}\n${lines}\n---\n`);
  }

  async #tell(what: Parameters<typeof recordLine>[1]): Promise<void> {
    await this.#engine.edge('record', recordLine(this.#stack, what));
  }

  #facts(): Facts {
    return factsOf(this.#stack, this.#engine, {
      ...this.#what,
      image: this.#image,
      previousPool: otherPool(this.#pool),
      previousRelease: this.#start.active.release,
    });
  }

  get #what() {
    return { deploy: this.#id, pool: this.#pool, release: this.#options.release };
  }

  get #gateMs(): number {
    return durationMs(this.#stack.settings.DEPLOY_TIMEOUT) ?? 0;
  }

  get #bakeOptions() {
    return { forMs: this.#options.bakeMs, maxErrorPercent: this.#options.maxErrorPercent };
  }

  #tookMs(): number {
    return Date.now() - this.#startedAt;
  }
}

function deployId(): string {
  const stamp = new Date().toISOString();
  return `${stamp.slice(5, 7)}${stamp.slice(8, 10)}-${stamp.slice(11, 13)}${stamp.slice(14, 16)}-${randomBytes(2).toString('hex')}`;
}

function isInterruption(error: unknown): boolean {
  return error instanceof Interrupted || (error instanceof Error && error.cause instanceof Interrupted);
}

function bakedText({ lastedMs, requests, failed }: Baked): string {
  return `${requests} requests in ${duration(lastedMs)}, ${share(failed, requests)} failed`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
