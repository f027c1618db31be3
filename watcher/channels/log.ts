import type { Logger } from 'pino';
import type { Message } from '../alerts/message.ts';
import type { Delivery, Notifier } from '../delivery/notifier.ts';
import { plainText } from '../words/wording.ts';

/** Writes every alert to the watcher's own log, in addition to any other channel. */
export class LogNotifier implements Notifier {
  readonly name = 'log';
  readonly gapMs = 0;
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Writes one line for each alert, also for two alerts in one message. */
  async deliver({ alert, end }: Message): Promise<Delivery> {
    for (const one of end === undefined ? [alert] : [alert, end]) {
      const { kind, incident, request } = one;
      this.#log.warn({ alert: kind, incident, ...request }, plainText(one));
    }
    return { outcome: 'delivered' };
  }
}
