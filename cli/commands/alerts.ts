import type { AlertDelivery } from '../../report/delivery.ts';
import type { Health } from '../../report/health.ts';
import { ask, parsedJson } from '../edge/http.ts';
import { operationId, recordLine } from '../edge/records.ts';
import { requireUp } from '../engine/choose.ts';
import type { Engine } from '../engine/engine.ts';
import { type Stack, watcherUrl } from '../stack/stack.ts';
import { alertsOf, healthOf } from '../status/watcher-answers.ts';
import { CommandError } from '../terminal/command-error.ts';
import { print, progress } from '../terminal/terminal.ts';
import { until } from '../until.ts';

const deliveryDeadlineMs = 20_000;

type Channel = Health['channels'][number];

/**
 * Makes the watcher, which alone knows the webhooks, send a test alert through every channel.
 * @returns whether every channel has it by the deadline
 * @throws {CommandError} if the watcher does not answer, or if no channel is configured
 */
export async function testAlerts(stack: Stack, engine: Engine, deadlineMs = deliveryDeadlineMs): Promise<boolean> {
  await requireUp(engine);
  let { channels } = await lookAt(stack);
  if (channels.length === 0) {
    throw new CommandError('no channel is configured: alerts go only to the log of alert_watcher', {
      next: 'set SLACK_WEBHOOK_URL or ALERT_WEBHOOKS in .env, then ./bluegreen up',
    });
  }
  const test = operationId();
  await engine.edge('record', recordLine(stack, { kind: 'alert-test', test }));
  progress(`sending a test alert to ${channels.map(({ name }) => name).join(', ')}`);
  let sent: AlertDelivery | undefined;
  await until(deadlineMs, async () => {
    const now = await lookAt(stack).catch(() => undefined);
    if (now === undefined) return false;
    channels = now.channels;
    sent = now.alerts.find(({ incident }) => incident === test);
    return sent !== undefined && channels.every((channel) => stateOf(sent, channel) !== 'waiting');
  });
  for (const channel of channels) print(`${channel.name}: ${outcomeOf(sent, channel)}`);
  return channels.every((channel) => stateOf(sent, channel) === 'sent');
}

async function lookAt(
  stack: Stack,
): Promise<{ readonly channels: readonly Channel[]; readonly alerts: readonly AlertDelivery[] }> {
  const answers = await Promise.all(['healthz', 'alerts'].map((path) => ask(`${watcherUrl(stack)}/${path}`)));
  const [health, deliveries] = answers.map(({ body }) => parsedJson(body));
  const { channels } = healthOf(health) ?? {};
  const alerts = alertsOf(deliveries);
  if (channels !== undefined && alerts !== undefined) return { channels, alerts };
  throw new CommandError('alert_watcher does not answer, or runs another version: no alert would be sent', {
    next: './bluegreen logs alert_watcher; ./bluegreen up',
  });
}

/** A closed channel counts as failed: it takes nothing until an operator has fixed it. */
function stateOf(sent: AlertDelivery | undefined, { name, state }: Channel): 'waiting' | 'sent' | 'failed' {
  const delivery = sent?.delivery.find(({ channel }) => channel === name)?.state;
  if (delivery === 'sent') return 'sent';
  return delivery === 'failed' || (sent !== undefined && state === 'closed') ? 'failed' : 'waiting';
}

function outcomeOf(sent: AlertDelivery | undefined, channel: Channel): string {
  const because = channel.lastError === null ? '' : ` (${channel.lastError})`;
  switch (stateOf(sent, channel)) {
    case 'sent':
      return 'delivered';
    case 'failed':
      return `not delivered${because}`;
    default:
      return `not delivered yet${because}`;
  }
}
