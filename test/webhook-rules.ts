import { createHmac, timingSafeEqual } from 'node:crypto';
import type { FakeAnswer, ReceivedPost, Rules } from './fake-channel.ts';

/** A receiver that verifies signatures as docs/alerts-channels.md describes. */
export function webhookRules(secret: string): Rules {
  return ({ headers, content }: ReceivedPost): FakeAnswer => {
    const [, t = '', v1 = ''] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['x-bluegreen-signature'])) ?? [];
    const expected = createHmac('sha256', secret).update(`${t}.${content}`).digest();
    const genuine = timingSafeEqual(expected, Buffer.from(v1.padEnd(64, '0'), 'hex'));
    const fresh = Math.abs(Date.now() / 1_000 - Number(t)) < 300;
    return { status: genuine && fresh ? 204 : 401 };
  };
}
