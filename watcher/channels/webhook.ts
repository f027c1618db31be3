import { createHmac } from 'node:crypto';
import type { Alert } from '../alerts/alert.ts';
import type { Message } from '../alerts/message.ts';
import type { Form } from '../delivery/notifier.ts';
import { compose, plainMessage } from '../words/message.ts';
import { runbookSection } from '../words/wording.ts';
import { deliveryOf } from './answer.ts';
import type { Contract, MessageContext } from './http-notifier.ts';

/** Our own format, described in docs/alerts-channels.md. Within a version, fields are added, never changed. */
export interface WebhookMessage {
  readonly version: 1;
  /** The same for each attempt: delivery is at least once, so a message can arrive twice. */
  readonly id: string;
  readonly kind: Alert['kind'];
  readonly incident: string;
  /** When it happened. */
  readonly at: string;
  readonly identifier: string | null;
  /** The whole message in one line, for people. */
  readonly text: string;
  readonly runbook: string | null;
  readonly dashboard: string | null;
  /** Left out if the receiver has refused the full form. */
  readonly alert?: Alert;
  /** The end of the same incident, if both are sent in one message. */
  readonly end?: Alert | undefined;
  readonly late?: Message['late'];
  readonly dropped?: number;
}

export function webhookContract(context: MessageContext, secret: string | undefined): Contract {
  return {
    gapMs: 100,
    compose: (message, form) => {
      const body = JSON.stringify(webhookMessage(message, context, form));
      if (secret === undefined) return { body };
      return { body, headers: { 'x-bluegreen-signature': signatureOf(body, secret, Date.now()) } };
    },
    judge: (answer) => deliveryOf(answer, '', Date.now()),
  };
}

export function webhookMessage(message: Message, context: MessageContext, form: Form): WebhookMessage {
  const { alert, end, late, dropped } = message;
  const { identifier, runbookUrl, dashboardUrl } = context;
  return {
    version: 1,
    id: `${alert.incident}/${end === undefined ? nameOf(alert) : `${nameOf(alert)}+${end.kind}`}`,
    kind: alert.kind,
    incident: alert.incident,
    at: new Date(alert.atMs).toISOString(),
    identifier: identifier ?? null,
    text: plainMessage(message, identifier),
    runbook: runbookUrl === undefined ? null : runbookSection(runbookUrl, compose(message).anchor),
    dashboard: dashboardUrl ?? null,
    ...(form === 'plain' ? {} : { alert, end, late, dropped }),
  };
}

/**
 * Distinguishes alerts of one kind under one incident: a deploy's switch and its rollback, the steps of its canary, a mute
 * that was changed, an escalation.
 */
function nameOf(alert: Alert): string {
  if ('escalated' in alert) return `${alert.kind}-escalated`;
  if (alert.kind === 'canary') return `canary-${alert.percent}`;
  if (alert.kind === 'muted') return `muted-${alert.untilMs}`;
  if (alert.kind === 'switch' && alert.operation?.deploy !== undefined) return `switch-${alert.operation.reason}`;
  return alert.kind;
}

/** Signs the time as well as the body, so that a receiver can refuse a replay. */
export function signatureOf(body: string, secret: string, nowMs: number): string {
  const time = Math.floor(nowMs / 1_000);
  return `t=${time},v1=${createHmac('sha256', secret).update(`${time}.${body}`).digest('hex')}`;
}
