import { countedText, duration, requests } from '../../report/figures.ts';
import { capital, maxReleaseChars, oneLine, sentence, short } from '../../report/text.ts';
import type { Operation, Switch } from '../alerts/alert.ts';
import { by, type Fact, fact, note, serving, type Wording } from './facts.ts';

const switchAnchors = {
  switch: 'planned-switch',
  deploy: 'deployed',
  bake: 'rollback',
  rollback: 'rollback-by-hand',
} as const;

/** Somebody made the other pool active, or a deploy did. */
export function switchWording(alert: Switch): Wording {
  const { from, to, operation, ended } = alert;
  if (operation === undefined) return unexplainedWording(alert);
  const { reason, actor, replaced, why, bake } = operation;
  const ends = endsText(ended);
  const because = why === undefined ? '' : ` ${sentence(why)}`;
  return {
    headline: switchHeadline(alert, reason),
    summary:
      reason === 'bake'
        ? `The new release on ${from} failed.${because} ${capital(to)} is the active pool again.${ends}`
        : `${capital(to)} is the active pool now.${ends}${because}`,
    facts: [
      serving(to, alert.release),
      ...fact(reason === 'switch' || reason === 'deploy' ? 'Replaces' : 'Rolled back', replaced),
      ...endedFacts(alert),
      ...(bake === undefined ? [] : [note('Lasted', duration(bake.lastedMs)), note('Figures', countedText(bake))]),
      ...by(actor),
    ],
    tone: reason === 'bake' ? 'warning' : 'neutral',
    anchor: switchAnchors[reason],
  };
}

/** No record in the journal explains the switch. */
function unexplainedWording(alert: Switch): Wording {
  const { from, to, release, ended } = alert;
  return {
    headline: `Unexplained switch: ${from} → ${to}`,
    summary: `${capital(to)} is the active pool now.${endsText(ended)} The journal has no record of it: the flag was changed by hand, or the journal cannot be written.`,
    facts: [serving(to, release), ...endedFacts(alert)],
    tone: 'neutral',
    anchor: 'unexplained-switch',
  };
}

function switchHeadline({ from, to, release, operation }: Switch, reason: Operation['reason']): string {
  const change = `${from} → ${to}`;
  const of = release === undefined ? '' : ` (${short(release)})`;
  const { replaced } = operation ?? {};
  const back = release === undefined || replaced === undefined ? of : ` (${brief(replaced)} → ${brief(release)})`;
  switch (reason) {
    case 'switch':
      return `Planned switch: ${change}`;
    case 'deploy':
      return `Deployed: ${change}${of}`;
    case 'rollback':
      return `Rolled back by hand: ${change}${back}`;
    case 'bake':
      return `Rolled back automatically: ${change}${back}`;
    default:
      return reason satisfies never;
  }
}

function endsText(ended: Switch['ended']): string {
  return ended === undefined ? '' : ` That ends ${endedText(ended)} after ${duration(ended.lastedMs)}.`;
}

function endedFacts({ from, to, ended }: Switch): Fact[] {
  return ended === undefined ? [] : [note('Figures', `${to} served ${requests(ended.served)} in place of ${from}`)];
}

function endedText({ incident, failovers }: NonNullable<Switch['ended']>): string {
  return failovers === undefined ? `failover ${incident}` : `flapping ${incident} (${failovers} failovers)`;
}

/** Short enough for two releases in one headline. */
function brief(release: string): string {
  return oneLine(release, maxReleaseChars / 2);
}
