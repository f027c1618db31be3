import { z } from 'zod';
import type { FakeAnswer, ReceivedPost } from './fake-channel.ts';

const attachment = z.strictObject({
  color: z.string().regex(/^#[0-9a-f]{6}$/),
  fallback: z.string().min(1),
  text: z.string().min(1),
  fields: z.array(z.strictObject({ short: z.boolean(), title: z.string().min(1), value: z.string().min(1) })),
});

const message = z.strictObject({
  text: z.string().min(1).max(16_383),
  attachments: z.array(attachment).optional(),
});

// The limit of the oldest versions in use.
const maxAttachmentChars = 7_900;

/** Answers as Mattermost does; see https://developers.mattermost.com/integrate/webhooks/incoming/ */
export function mattermostRules({ headers, content }: ReceivedPost): FakeAnswer {
  if (!headers['content-type']?.startsWith('application/json')) return refusal('parse');
  const { success, data } = message.safeParse(JSON.parse(content));
  if (!success) return refusal('parse');
  if (JSON.stringify(data.attachments ?? []).length > maxAttachmentChars) return refusal('attachment');
  return { status: 200, body: 'ok' };
}

/** A refusal, such as `invalid` for a webhook that was deleted. */
export function refusal(what: string): FakeAnswer {
  return { status: 400, body: JSON.stringify({ id: `web.incoming_webhook.${what}.app_error`, status_code: 400 }) };
}
