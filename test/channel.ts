import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from './condition.ts';
import type { ReceivedMessage } from './fake-slack.ts';

/** The Slack channel as a subscriber sees it. */
export interface Channel {
  /** Everything that has arrived, oldest first. */
  messages(): Promise<readonly ReceivedMessage[]>;
  /** The first message since the last `forget` whose text contains the words. */
  expect(words: string, deadlineMs?: number): Promise<ReceivedMessage>;
  /** How many messages since the last `forget` contain the words. */
  count(words: string): Promise<number>;
  /** The texts of the messages since the last `forget` that match. */
  texts(pattern: RegExp): Promise<string[]>;
  /** Makes the other methods ignore the messages up to now. */
  forget(): Promise<void>;
  /** Returns when nothing has arrived for a while, so that all expected messages and any unexpected one are there. */
  untilQuiet(quietMs?: number): Promise<void>;
}

export function channelOf(read: () => Promise<readonly ReceivedMessage[]>): Channel {
  let forgotten = 0;
  const recent = async () => (await read()).slice(forgotten);
  return {
    messages: read,
    expect: (words, deadlineMs) =>
      eventually(
        `a message with "${words}"`,
        async () => (await recent()).find(({ text }) => text.includes(words)),
        deadlineMs,
      ),
    count: async (words) => (await recent()).filter(({ text }) => text.includes(words)).length,
    texts: async (pattern) => (await recent()).map(({ text }) => text).filter((text) => pattern.test(text)),
    async forget() {
      forgotten = (await read()).length;
    },
    async untilQuiet(quietMs = 2000) {
      let seen = -1;
      for (;;) {
        const now = (await read()).length;
        if (now === seen) return;
        seen = now;
        // Not a synchronization: the absence of messages is what is tested.
        await delay(quietMs);
      }
    },
  };
}
