import pino from 'pino';
import manifest from '../package.json' with { type: 'json' };
import { SettingsError } from '../settings/read.ts';
import { type Config, readConfig } from './config.ts';
import { ControlDirectory } from './flags.ts';
import { Follower } from './follow.ts';
import { type Health, serveHealth } from './health.ts';
import { LogNotifier } from './log-notifier.ts';
import type { Notifier } from './notifier.ts';
import { Outbox, outboxDefaults } from './outbox.ts';
import { SlackNotifier } from './slack.ts';
import { newState } from './state.ts';
import { Tail } from './tail.ts';
import { tailReporter } from './tail-report.ts';
import { Watch } from './watch.ts';
import { plainText } from './wording.ts';

// Compose allows ten seconds for a stop.
const flushMs = 5_000;
const lastReadMs = 500;

const config = configOrExit();
const { logPath, webhookUrl } = config;
const log = pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime });

const slack = webhookUrl === undefined ? undefined : outboxFor(new SlackNotifier({ webhookUrl, context: config }));
const outboxes = [outboxFor(new LogNotifier(log)), ...(slack === undefined ? [] : [slack])];
const watch = new Watch(newState(config), config, new ControlDirectory(config.controlDirectory), {
  tell: (alert) => {
    for (const outbox of outboxes) outbox.push(alert);
  },
  hold: (alert, reason) =>
    log.info({ alert: alert.kind, incident: alert.incident, reason }, `held back: ${plainText(alert)}`),
});
const tail = new Tail({ path: logPath, sink: watch.line, tooLong: watch.tooLong, from: 'end' });
const follower = new Follower(tail, logPath, {
  beforeStep: watch.beforeLines,
  afterStep: tailReporter(tail, logPath, log),
});
const server = serveHealth(health);

process.on('unhandledRejection', (error) => fail('unhandled rejection', error));
process.on('uncaughtException', (error) => fail('uncaught exception', error));
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop(signal));

server.on('error', (error) => fail(`cannot listen on ${config.host}:${config.port} (WATCHER_PORT)`, error));
server.listen(config.port, config.host, () => {
  log.info({ port: config.port, slack: slack !== undefined, maintenance: config.maintenance }, 'watcher started');
  follower.start();
});

function configOrExit(): Config {
  try {
    return readConfig();
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    for (const fault of error.faults) process.stderr.write(`${fault}\n`);
    process.exit(2);
  }
}

function outboxFor(notifier: Notifier): Outbox {
  const onFailure = (failure: object) => log.warn({ channel: notifier.name, ...failure }, 'alert not delivered yet');
  return new Outbox(notifier, { ...outboxDefaults, onFailure });
}

function health(): Health {
  const { log: lines, ...rest } = watch.health();
  const { state, fault = null, rotations, truncations } = tail;
  const degraded = state === 'failing' || slack?.health.state === 'closed';
  return {
    status: degraded ? 'degraded' : 'ok',
    version: manifest.version,
    log: { state, fault, lagBytes: tail.lagBytes(), rotations, truncations, ...lines },
    ...rest,
    slack: slack === undefined ? { configured: false } : { configured: true, ...slack.health },
  };
}

async function stop(signal: string): Promise<void> {
  follower.stop(lastReadMs);
  const left = await Promise.all(outboxes.map((outbox) => outbox.flush(flushMs)));
  for (const alert of left.flat()) log.warn({ incident: alert.incident }, `not delivered: ${plainText(alert)}`);
  log.info({ signal }, 'watcher stopped');
  process.exit(0);
}

/** Only the code of an error is told, as a message can hold what it was about. */
function fail(what: string, error: unknown): never {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const stack = error instanceof Error ? error.stack?.split('\n').slice(1, 8) : undefined;
  log.fatal({ code, stack }, what);
  process.exit(1);
}
