import { createHmac } from 'node:crypto';
import type { Alert } from '../alerts/alert.ts';
import type { Message } from '../alerts/message.ts';
import type { Form } from '../delivery/notifier.ts';
import { compose, plainMessage } from '../words/message.ts';
import { runbookSection } from '../words/wording.ts';
import { deliveryOf } from './answer.ts';
import type { Contract, MessageContext } from './http-notifier.ts';

/** A contract of our own, described in docs/alerts-channels.md; fields are added within a version, never changed. */
export interface WebhookMessage {
  readonly version: 1;
  /** The same each time this is sent: at least once, so now and then twice. */
  readonly id: string;
  readonly kind: Alert['kind'];
  readonly incident: string;
  /** When it happened. */
  readonly at: string;
  readonly identifier: string | null;
  /** All of it in one line, for people. */
  readonly text: string;
  readonly runbook: string | null;
  readonly dashboard: string | null;
  /** Left out after the receiver has refused the whole. */
  readonly alert?: Alert;
  /** The end of the same incident, when both are told at once. */
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
 * Tells apart what can come more than once under one incident: a deploy's switch and its rollback, the steps of its canary, a
 * mute made longer, what has become worse.
 */
function nameOf(alert: Alert): string {
  if ('escalated' in alert) return `${alert.kind}-escalated`;
  if (alert.kind === 'canary') return `canary-${alert.percent}`;
  if (alert.kind === 'muted') return `muted-${alert.untilMs}`;
  if (alert.kind === 'switch' && alert.operation?.deploy !== undefined) return `switch-${alert.operation.reason}`;
  return alert.kind;
}

/** The time is signed too, so that a receiver can refuse what was recorded and sent again. */
export function signatureOf(body: string, secret: string, nowMs: number): string {
  const time = Math.floor(nowMs / 1_000);
  return `t=${time},v1=${createHmac('sha256', secret).update(`${time}.${body}`).digest('hex')}`;
}
