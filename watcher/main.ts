// The wiring of all parts, in one place, and so longer than other files.

import { setTimeout as delay } from 'node:timers/promises';
import { type Logger, pino } from 'pino';
import manifest from '../package.json' with { type: 'json' };
import type { Counters } from '../report/counters.ts';
import type { Now } from '../report/dashboard.ts';
import type { AlertDelivery } from '../report/delivery.ts';
import type { Health } from '../report/health.ts';
import { startProgram } from '../system/program.ts';
import type { Alert } from './alerts/alert.ts';
import { channelsOf } from './channels/channels.ts';
import { LogNotifier } from './channels/log.ts';
import { CatchUp } from './checkpoint/catch-up.ts';
import { loadCheckpoint, resumeAt } from './checkpoint/checkpoint.ts';
import { CheckpointFile } from './checkpoint/checkpoint-file.ts';
import { Checkpointer } from './checkpoint/checkpointer.ts';
import type { Checkpoint } from './checkpoint/shape.ts';
import { type Config, readConfig } from './config.ts';
import { CertificatesFile } from './control/certificates.ts';
import { controlReporter } from './control/control-report.ts';
import { ControlDirectory } from './control/flags.ts';
import { PoolCounters } from './counts/pools.ts';
import { Metrics } from './counts/prometheus.ts';
import type { Notifier } from './delivery/notifier.ts';
import { outboxDefaults } from './delivery/options.ts';
import { Outbox } from './delivery/outbox.ts';
import { EarlyChecks } from './early-checks.ts';
import { traceOf } from './errors.ts';
import { healthReport } from './health.ts';
import { Follower } from './log/follow.ts';
import { Tail } from './log/tail.ts';
import { tailReporter } from './log/tail-report.ts';
import { askConnection, askHealth, Companion } from './page/companion.ts';
import { Dashboard } from './page/dashboard.ts';
import { nowOf } from './page/now.ts';
import { Past, pastFile } from './past/past.ts';
import { serve } from './server.ts';
import { Watch } from './watch.ts';
import { plainText } from './words/wording.ts';

// Compose allows ten seconds for a stop. Alerts that are not delivered by then are kept for the next start.
const flushMs = 4_000;
const lastReadMs = 500;
const lastWriteMs = 1_000;
// For each chunk, the flags and the head of the log are checked.
const chunkBytes = 256 * 1024;

/** What the watcher needs from the process that runs it. */
export interface Surroundings {
  readonly log: Logger;
  /** Called after a fatal error. */
  readonly fail: (what: string, error: unknown) => void;
}

/**
 * Starts a watcher: the log, the rules, the channels, the checkpoint and the dashboard. It shares nothing with other watchers
 * in the same process.
 * @returns a function that stops it: delivers what it can in time, writes the last checkpoint and closes everything
 */
export function startWatcher(config: Config, { log, fail }: Surroundings): (signal?: NodeJS.Signals) => Promise<void> {
  const { logPath, sloPercent, thresholdPercent } = config;
  const { version } = manifest;
  const startedAtMs = Date.now();

  // State that survives a restart.
  const checkpointFile = new CheckpointFile(config.stateDirectory);
  const saved = loadCheckpoint(checkpointFile, config, { log, validate: (watch) => Watch.validate(watch, config) });
  const checkpointer = new Checkpointer(checkpointFile, snapshot, (fault) => {
    const { path } = checkpointFile;
    if (fault === null) log.info({ path }, 'the checkpoint can be written again');
    else log.error({ path, code: fault }, 'the checkpoint cannot be written: a crash now would lose or repeat alerts');
  });
  const past = new Past(
    config.channels.map(({ name }) => name),
    config.controlDirectory,
  );
  const pastPath = pastFile(config.stateDirectory);
  const pastKeeper = new Checkpointer(
    pastPath,
    () => past.snapshot(),
    (fault) => {
      if (fault !== null) log.warn({ path: pastPath.path, code: fault }, "the dashboard's history cannot be written");
    },
  );

  // Channels.
  const metrics = new Metrics(config.addresses);
  const channels = channelsOf(config).map(outboxFor);
  const unusable = past.restore(pastPath, channels);
  if (unusable !== undefined) log.warn({ path: pastPath.path, reason: unusable }, "the dashboard's history is lost");
  const outboxes = [outboxFor(new LogNotifier(log)), ...channels];
  const catchUp = new CatchUp(saved?.progress, deliver);

  // Log lines.
  const control = new ControlDirectory(config.controlDirectory, saved?.progress.watch.state.flags);
  const certificates = new CertificatesFile(config.acmeDirectory, config.domains);
  const counters = new PoolCounters(config.addresses);
  const earlyChecks = EarlyChecks.of(config);
  const watch = new Watch(
    config,
    control,
    metrics.counting({
      send: (alert) => {
        past.marks.add(alert);
        catchUp.send(alert);
      },
      hold: (alert, reason) => {
        past.marks.add(alert);
        log.info({ alert: alert.kind, incident: alert.incident, reason }, `held back: ${plainText(alert)}`);
      },
      request: (event) => {
        counters.count(event);
        past.count(event);
        earlyChecks?.see(event);
      },
      fault: (error) => log.error(traceOf(error), 'the rules failed on a log line'),
    }),
    saved?.progress.watch,
    certificates,
  );
  const tail = new Tail({
    path: logPath,
    sink: watch.line,
    tooLong: watch.tooLong,
    chunkBytes,
    from: resumeAt(saved?.progress),
  });
  const reportTail = tailReporter(tail, logPath, log);
  const reportControl = controlReporter({ control, certificates, journal: () => watch.journal }, log);
  const linesBefore = watch.lines;
  let taken = watch.taken;
  const follower = new Follower(tail, logPath, { beforeStep: watch.beforeLines, afterStep });

  // Dashboard and metrics.
  const { releases } = past;
  const limits = { sloPercent, thresholdPercent };
  const exposed = metrics.expose({ version, ...limits, watch, tail, checkpointer, outboxes, releases });
  const edge = companionAt(config.edgeAddress, askConnection);
  const prober = companionAt(config.proberAddress, askHealth);
  const dashboard = new Dashboard(past, {
    now,
    knownMs,
    fault: (error) => log.error(traceOf(error), 'unexpected error in the dashboard'),
  });
  const server = serve(
    { health, counters: readCounters, alerts, metrics: exposed, dashboard: dashboard.answer },
    config.dashboardUrl,
  );
  server.on('error', (error) => fail(`cannot listen on ${config.host}:${config.port} (WATCHER_PORT)`, error));
  server.listen(config.port, config.host, () => {
    const names = channels.map(({ name }) => name);
    log.info({ port: config.port, channels: names, maintenance: config.maintenance }, 'watcher started');
    follower.start();
    checkpointer.start();
    pastKeeper.start();
    edge?.start();
    prober?.start();
  });
  return stop;

  function outboxFor(notifier: Notifier): Outbox {
    const { onSettled, onFailure } = metrics.channel(notifier.name);
    return new Outbox(notifier, {
      ...outboxDefaults,
      onSettled: (settled) => {
        onSettled(settled);
        past.alerts.settled(notifier.name, settled);
        pastKeeper.changed();
      },
      onFailure: (failure) => {
        onFailure(failure);
        log.warn({ channel: notifier.name, ...failure }, 'failed to deliver an alert');
      },
      durable: checkpointer.durable,
      changed: () => void checkpointer.durable(),
      initial: saved?.outboxes[notifier.name],
    });
  }

  function deliver(alert: Alert): void {
    metrics.sent(alert);
    past.alerts.add(alert);
    pastKeeper.changed();
    for (const outbox of outboxes) outbox.push(alert);
  }

  function afterStep(more: boolean): void {
    reportTail();
    reportControl();
    const arrived = catchUp.arrived(watch, tail, more);
    if (arrived) log.info({ lines: watch.lines - linesBefore }, 'caught up with the access log');
    if (watch.taken === taken && !arrived) return;
    if (catchUp.isDone) taken = watch.taken;
    checkpointer.changed();
  }

  function snapshot(): Checkpoint {
    const waiting = outboxes.map((outbox) => [outbox.name, outbox.snapshot()] as const);
    return {
      progress: { savedMs: Date.now(), standing: tail.resumePoint, watch: watch.snapshot(), missed: catchUp.missed },
      outboxes: Object.fromEntries(waiting),
    };
  }

  function health(): Health {
    return healthReport({ version, watch, tail, catchUp, checkpointer, channels });
  }

  function readCounters(): Counters {
    const { active } = watch;
    const { down } = watch.health();
    const lagBytes = tail.lagBytes();
    return { startedAtMs, nowMs: Date.now(), lagBytes, active, down, pools: counters.read() };
  }

  function alerts(): readonly AlertDelivery[] {
    return past.alerts.reports().map(({ incident, delivery }) => ({ incident, delivery }));
  }

  function now(): Now {
    const unknown = { state: 'unknown' } as const;
    return nowOf(
      {
        watch,
        control,
        health: health(),
        releases,
        edge: edge?.found ?? unknown,
        prober: prober?.found ?? unknown,
        pastFault: pastKeeper.health.fault,
        thresholdPercent,
        startedMs: startedAtMs,
      },
      Date.now(),
    );
  }

  /** Up to when everything is known: now, or the last line if there is more to read or the log cannot be read. */
  function knownMs(): number {
    const isRead = catchUp.isDone && tail.state !== 'failing' && tail.lagBytes() === 0;
    return isRead ? Date.now() : watch.lastEndMs;
  }

  async function stop(signal?: NodeJS.Signals): Promise<void> {
    edge?.stop();
    prober?.stop();
    follower.stop(lastReadMs);
    const left = await Promise.all(outboxes.map((outbox) => outbox.flush(flushMs)));
    checkpointer.stop();
    pastKeeper.stop();
    const written = Promise.all([checkpointer.durable(), pastKeeper.durable()]);
    await Promise.race([written, delay(lastWriteMs, undefined, { ref: false })]);
    tail.close();
    server.close();
    server.closeAllConnections();
    const kept = checkpointer.health.state === 'ok';
    for (const alert of left.flat()) log.warn({ incident: alert.incident, kept }, `not delivered: ${plainText(alert)}`);
    log.info({ signal }, 'watcher stopped');
  }
}

function companionAt(address: string | undefined, ask: (address: string) => Promise<void>): Companion | undefined {
  return address === undefined ? undefined : new Companion(() => ask(address));
}

if (import.meta.main) {
  startProgram('alert_watcher', () => {
    const config = readConfig();
    const log = pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime });
    const fail = (what: string, error: unknown) => {
      log.fatal(traceOf(error), what);
      process.exit(1);
    };
    process.on('unhandledRejection', (error) => fail('unhandled rejection', error));
    process.on('uncaughtException', (error) => fail('uncaught exception', error));
    return startWatcher(config, { log, fail });
  });
}
