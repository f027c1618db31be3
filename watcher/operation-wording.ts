import { otherPool } from '../settings/pool.ts';
import type { Switch } from './alert.ts';
import { capital, type Fact, fact, note, oneLine, sentence, serving } from './facts.ts';
import { duration, requests, share } from './figures.ts';
import type {
  Canary,
  DeployFailed,
  DeployFinished,
  DeployStarted,
  MaintenanceOff,
  MaintenanceOn,
  Operation,
  TestAlert,
} from './operation-alert.ts';
import type { Wording } from './wording.ts';

/** A headline is to be read on a locked phone. */
const maxReleaseChars = 60;

const switchAnchors = {
  switch: 'planned-switch',
  deploy: 'deployed',
  bake: 'rollback',
  rollback: 'rollback-by-hand',
} as const;

/** Somebody changed the active colour, or a deploy did. */
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
        ? `The new release on ${from} did badly.${because} ${capital(to)} is the active pool again.${ends}`
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

/** Nothing in the journal explains it. */
function unexplainedWording(alert: Switch): Wording {
  const { from, to, release, ended } = alert;
  return {
    headline: `Unexplained switch: ${from} → ${to}`,
    summary: `${capital(to)} is the active pool now.${endsText(ended)} The journal says nothing of it: the flag was changed by hand, or the journal cannot be written.`,
    facts: [serving(to, release), ...endedFacts(alert)],
    tone: 'neutral',
    anchor: 'unexplained-switch',
  };
}

export function deployWording(alert: DeployStarted | DeployFailed | DeployFinished): Wording {
  const { pool, actor } = alert;
  const release = short(alert.release);
  const other = otherPool(pool);
  switch (alert.kind) {
    case 'deploy-started':
      return {
        headline: `Deploy started: ${release} → ${pool}`,
        summary: `${capital(other)} goes on serving. Until ${pool} is ready there is no standby.`,
        facts: [
          serving(other, alert.activeRelease),
          ...fact('Replaces', alert.replaces),
          ...fact('Image', alert.image),
          ...by(actor),
        ],
        tone: 'neutral',
        anchor: 'deploy',
      };
    case 'deploy-failed':
      return {
        headline: failedHeadline(alert, release),
        summary: failedText(alert),
        facts: [
          alert.noWayBack === undefined ? serving(other) : serving(pool, alert.release),
          ...fact('Restored', alert.restored),
          note('Took', duration(alert.tookMs)),
          ...by(actor),
        ],
        tone: alert.noWayBack === undefined ? 'warning' : 'bad',
        anchor: alert.noWayBack === undefined ? 'deploy-failed' : 'not-rolled-back',
      };
    case 'deploy-finished':
      return {
        ...finishedWords(alert, release),
        facts: [serving(alert.switched ? pool : other), note('Took', duration(alert.tookMs)), ...by(actor)],
      };
    default:
      return alert satisfies never;
  }
}

export function canaryWording({ percent, pool, release, why, didBadly, actor }: Canary): Wording {
  const of = release === undefined ? '' : ` (${short(release)})`;
  const because = why === undefined ? '' : sentence(why);
  if (percent === 0) {
    return {
      headline: `Canary off: ${pool}${of}${didBadly ? ' did badly' : ''}`,
      summary: `${because && `${because} `}No visitor is sent to ${pool} any more.`,
      facts: [serving(otherPool(pool)), ...by(actor)],
      tone: didBadly ? 'warning' : 'neutral',
      anchor: 'canary-off',
    };
  }
  return {
    headline: `Canary: ${percent}% of visitors → ${pool}${of}`,
    summary: `${capital(otherPool(pool))} stays the active pool and steps in where ${pool} fails.${because && ` ${because}`}`,
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
      ...(answered === undefined ? [] : [note('Figures', `${requests(answered)} met the maintenance page`)]),
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
      return `Rolled back by itself: ${change}${back}`;
    default:
      return reason satisfies never;
  }
}

function failedHeadline({ step, pool, rolledBack, noWayBack }: DeployFailed, release: string): string {
  if (rolledBack) return `Rolled back: ${release}, but ${pool} is no standby now`;
  const end =
    noWayBack === undefined ? `; ${otherPool(pool)} goes on serving` : ` is STILL LIVE on ${pool}, not rolled back`;
  return `Deploy failed at ${oneLine(step, 40)}: ${release}${end}`;
}

function failedText({ pool, why, wasLive, rolledBack, noWayBack, restored }: DeployFailed): string {
  const sentences = [sentence(why)];
  if (wasLive === false) sentences.unshift('Visitors saw nothing of it.');
  if (noWayBack !== undefined) sentences.push(sentence(noWayBack));
  else if (rolledBack)
    sentences.push(`What ${pool} ran before could not be put back: there is nothing to fail over to.`);
  else if (wasLive) sentences.push('Some visitors were sent to it.');
  if (restored !== undefined) sentences.push(`${capital(pool)} runs ${short(restored)} again.`);
  return sentences.join(' ');
}

function finishedWords(
  { pool, switched, bake }: DeployFinished,
  release: string,
): Pick<Wording, 'headline' | 'summary' | 'tone' | 'anchor'> {
  if (!switched) {
    return {
      headline: `Deploy ready: ${release} waits on ${pool}`,
      summary: `It has passed its checks; ${otherPool(pool)} stays the active pool until somebody switches.`,
      tone: 'good',
      anchor: 'deploy-ready',
    };
  }
  const active = `${capital(pool)} is the active pool.`;
  if (bake === undefined) {
    return {
      headline: `Deploy finished, not watched: ${release} serves on ${pool}`,
      summary: `${active} How it does under traffic is not known.`,
      tone: 'neutral',
      anchor: 'deploy-not-watched',
    };
  }
  return {
    headline: `Deploy finished: ${release} serves on ${pool}`,
    summary: `${active} Watched for ${duration(bake.lastedMs)}: ${countedText(bake)}.`,
    tone: 'good',
    anchor: 'deploy-finished',
  };
}

function countedText(bake: NonNullable<DeployFinished['bake']>): string {
  return `${requests(bake.requests)}, ${share(bake.failed, bake.requests)} failed`;
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

/** One of two in a headline. */
function brief(release: string): string {
  return oneLine(release, maxReleaseChars / 2);
}

function short(release: string): string {
  return oneLine(release, maxReleaseChars);
}

function by(actor: string | undefined): Fact[] {
  return fact('By', actor);
}
