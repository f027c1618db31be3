import { z } from 'zod';
import type { FakeAnswer, ReceivedPost } from './fake-channel.ts';

const embed = z.strictObject({
  title: z.string().max(256).optional(),
  description: z.string().min(1).max(4_096),
  color: z.int().min(0).max(0xff_ff_ff),
  fields: z
    .array(
      z.strictObject({ name: z.string().min(1).max(256), value: z.string().min(1).max(1_024), inline: z.boolean() }),
    )
    .max(25),
  footer: z.strictObject({ text: z.string().min(1).max(2_048) }),
  timestamp: z.iso.datetime(),
});

const message = z.strictObject({
  content: z.string().min(1).max(2_000),
  embeds: z.array(embed).max(10).optional(),
  allowed_mentions: z.strictObject({ parse: z.array(z.enum(['roles', 'users', 'everyone'])) }),
});

const maxEmbedChars = 6_000;

/** Answers as Discord's webhooks do; see https://docs.discord.com/developers/resources/webhook#execute-webhook */
export function discordRules({ url, headers, content }: ReceivedPost): FakeAnswer {
  if (!headers['content-type']?.startsWith('application/json')) return invalidForm;
  const { success, data } = message.safeParse(JSON.parse(content));
  if (!success || !content.isWellFormed()) return invalidForm;
  const chars = (data.embeds ?? []).reduce(
    (sum, { title = '', description, footer, fields }) =>
      sum + [title, description, footer.text, ...fields.flatMap(({ name, value }) => [name, value])].join('').length,
    0,
  );
  if (chars > maxEmbedChars) return invalidForm;
  return url.searchParams.get('wait') === 'true' ? { status: 200, body: '{"id":"1"}' } : { status: 204 };
}

const invalidForm: FakeAnswer = { status: 400, body: '{"message": "Invalid Form Body", "code": 50035}' };
