import { duration, requests } from '../../report/figures.ts';
import { capital, sentence, short } from '../../report/text.ts';
import { otherPool } from '../../settings/pool.ts';
import type { Canary, MaintenanceOff, MaintenanceOn, TestAlert } from '../alerts/alert.ts';
import { by, note, serving, type Wording } from './facts.ts';

export function canaryWording({ percent, pool, release, why, didBadly, actor }: Canary): Wording {
  const of = release === undefined ? '' : ` (${short(release)})`;
  const because = why === undefined ? '' : sentence(why);
  if (percent === 0) {
    return {
      headline: `Canary off: ${pool}${of}${didBadly ? ' failed' : ''}`,
      summary: `${because && `${because} `}Visitors are no longer sent to ${pool}.`,
      facts: [serving(otherPool(pool)), ...by(actor)],
      tone: didBadly ? 'warning' : 'neutral',
      anchor: 'canary-off',
    };
  }
  return {
    headline: `Canary: ${percent}% of visitors → ${pool}${of}`,
    summary: `${capital(otherPool(pool))} stays the active pool, and answers if ${pool} fails.${because && ` ${because}`}`,
    facts: [serving(otherPool(pool)), ...by(actor)],
    tone: 'neutral',
    anchor: 'canary',
  };
}

export function maintenanceWording(alert: MaintenanceOn | MaintenanceOff): Wording {
  if (alert.kind === 'maintenance-on') {
    return {
      headline: 'Maintenance on: visitors get the maintenance page',
      summary: 'With status 503, until somebody runs ./bluegreen maintenance off.',
      facts: by(alert.actor),
      tone: 'neutral',
      anchor: 'maintenance',
    };
  }
  const { lastedMs, answered, actor } = alert;
  return {
    headline: lastedMs === undefined ? 'Maintenance off' : `Maintenance off after ${duration(lastedMs)}`,
    summary: 'Visitors no longer get the maintenance page.',
    facts: [
      ...(lastedMs === undefined ? [] : [note('Lasted', duration(lastedMs))]),
      ...(answered === undefined ? [] : [note('Figures', `${requests(answered)} got the maintenance page`)]),
      ...by(actor),
    ],
    tone: 'good',
    anchor: 'maintenance-off',
  };
}

export function testWording({ actor }: TestAlert): Wording {
  return {
    headline: 'Test alert: this channel works',
    summary: 'Nothing has happened: somebody ran ./bluegreen alerts test.',
    facts: by(actor),
    tone: 'neutral',
    anchor: 'test-alert',
  };
}
