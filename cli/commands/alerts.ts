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
 * Has the watcher send a message through every channel, as it alone knows the webhooks; false: one has not taken it.
 * @throws {CommandError} where there is nothing to send it, or nowhere to send it to
 */
export async function testAlerts(stack: Stack, engine: Engine, deadlineMs = deliveryDeadlineMs): Promise<boolean> {
  await requireUp(engine);
  let { channels } = await lookAt(stack);
  if (channels.length === 0) {
    throw new CommandError('no channel is set: alerts go to the log of alert_watcher alone', {
      next: 'set SLACK_WEBHOOK_URL or ALERT_WEBHOOKS in .env, then ./bluegreen up',
    });
  }
  const test = operationId();
  await engine.edge('record', recordLine(stack, { kind: 'alert-test', test }));
  progress(`a test alert goes to ${channels.map(({ name }) => name).join(', ')}`);
  let told: AlertDelivery | undefined;
  await until(deadlineMs, async () => {
    const now = await lookAt(stack).catch(() => undefined);
    if (now === undefined) return false;
    channels = now.channels;
    told = now.alerts.find(({ incident }) => incident === test);
    return told !== undefined && channels.every((channel) => stateOf(told, channel) !== 'waiting');
  });
  for (const channel of channels) print(`${channel.name}: ${outcomeOf(told, channel)}`);
  return channels.every((channel) => stateOf(told, channel) === 'sent');
}

async function lookAt(
  stack: Stack,
): Promise<{ readonly channels: readonly Channel[]; readonly alerts: readonly AlertDelivery[] }> {
  const answers = await Promise.all(['healthz', 'alerts'].map((path) => ask(`${watcherUrl(stack)}/${path}`)));
  const [health, alerts] = answers.map(({ body }) => parsedJson(body));
  const { channels } = healthOf(health) ?? {};
  const told = alertsOf(alerts);
  if (channels !== undefined && told !== undefined) return { channels, alerts: told };
  throw new CommandError('alert_watcher does not answer, or is of another version: nothing would be sent', {
    next: './bluegreen logs alert_watcher; ./bluegreen up',
  });
}

/** One that takes nothing until a person has seen to it is not waited for. */
function stateOf(told: AlertDelivery | undefined, { name, state }: Channel): 'waiting' | 'sent' | 'failed' {
  const delivery = told?.delivery.find(({ channel }) => channel === name)?.state;
  if (delivery === 'sent') return 'sent';
  return delivery === 'failed' || (told !== undefined && state === 'closed') ? 'failed' : 'waiting';
}

function outcomeOf(told: AlertDelivery | undefined, channel: Channel): string {
  const because = channel.lastError === null ? '' : ` (${channel.lastError})`;
  switch (stateOf(told, channel)) {
    case 'sent':
      return 'delivered';
    case 'failed':
      return `not delivered${because}`;
    default:
      return `not delivered yet${because}`;
  }
}
