import { duration } from '../../report/figures.ts';
import { capital } from '../../report/text.ts';
import type { Overload, OverloadResolved } from '../alerts/alert.ts';
import { note, serving, type Wording } from './facts.ts';

/** The machine is too busy for either pool to answer in time; it no longer is. */
export function overloadWording(alert: Overload | OverloadResolved): Wording {
  if (alert.kind === 'overload') {
    return {
      headline: 'The machine is overloaded: both pools answer their health checks late',
      summary:
        `${capital(alert.active)} stays active, as the other pool would be no faster. ` +
        'Visitors may have to wait. A pool that does not answer for three seconds is still taken out.',
      facts: [serving(alert.active)],
      tone: 'warning',
      anchor: 'overload',
    };
  }
  return {
    headline: `The machine is no longer overloaded, after ${duration(alert.lastedMs)}`,
    summary: 'At least one pool has answered its health checks in time again, or one is down.',
    facts: [note('Lasted', duration(alert.lastedMs))],
    tone: 'good',
    anchor: 'overload-resolved',
  };
}
