import type { Logger } from 'pino';
import type { Alert } from './alert.ts';
import type { Delivery, Notifier } from './notifier.ts';
import { plainText } from './wording.ts';

/** Writes every alert to the watcher's own log, whatever other channels there are. */
export class LogNotifier implements Notifier {
  readonly name = 'log';
  readonly gapMs = 0;
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  async deliver(alert: Alert): Promise<Delivery> {
    this.#log.warn({ alert: alert.kind, incident: alert.incident }, plainText(alert));
    return { outcome: 'delivered' };
  }
}
