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
  const { reason = 'switch', actor, replaced, why } = operation ?? {};
  const ends = ended === undefined ? '' : ` That ends ${endedText(ended)} after ${duration(ended.lastedMs)}.`;
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
      ...(ended === undefined ? [] : [note('Figures', `${to} served ${requests(ended.served)} in place of ${from}`)]),
      ...by(actor),
    ],
    tone: reason === 'bake' ? 'warning' : 'neutral',
    anchor: switchAnchors[reason],
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
        summary:
          (alert.wasLive ? '' : 'Visitors saw nothing of it. ') +
          sentence(alert.why) +
          (alert.restored === undefined ? '' : ` ${capital(pool)} runs ${short(alert.restored)} again.`),
        facts: [
          ...(alert.wasLive ? [] : [serving(other)]),
          ...fact('Restored', alert.restored),
          note('Took', duration(alert.tookMs)),
          ...by(actor),
        ],
        tone: 'warning',
        anchor: 'deploy-failed',
      };
    case 'deploy-finished':
      return {
        headline: alert.switched
          ? `Deploy finished: ${release} serves on ${pool}`
          : `Deploy ready: ${release} waits on ${pool}`,
        summary: finishedText(alert),
        facts: [serving(alert.switched ? pool : other), note('Took', duration(alert.tookMs)), ...by(actor)],
        tone: 'good',
        anchor: alert.switched ? 'deploy-finished' : 'deploy-ready',
      };
    default:
      return alert satisfies never;
  }
}

export function canaryWording({ percent, pool, release, why, actor }: Canary): Wording {
  const of = release === undefined ? '' : ` (${short(release)})`;
  const because = why === undefined ? '' : sentence(why);
  if (percent === 0) {
    return {
      headline: because === '' ? 'Canary off' : `Canary off: ${pool}${of} did badly`,
      summary: `${because && `${because} `}No visitor is sent to ${pool}${because ? '' : of} any more.`,
      facts: [serving(otherPool(pool)), ...by(actor)],
      tone: because === '' ? 'neutral' : 'warning',
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
    summary: 'Visitors are served again.',
    facts: [
      ...(lastedMs === undefined ? [] : [note('Lasted', duration(lastedMs))]),
      ...(answered === undefined ? [] : [note('Figures', `${requests(answered)} met the maintenance page`)]),
      ...by(actor),
    ],
    tone: 'good',
    anchor: 'maintenance-off',
  };
}

function switchHeadline({ from, to, release }: Switch, reason: NonNullable<Switch['operation']>['reason']): string {
  const change = `${from} → ${to}`;
  const of = release === undefined ? '' : ` (${short(release)})`;
  switch (reason) {
    case 'switch':
      return `Planned switch: ${change}`;
    case 'deploy':
      return `Deployed: ${change}${of}`;
    case 'rollback':
      return `Rolled back by hand: ${change}`;
    case 'bake':
      return `Rolled back by itself: ${change}`;
    default:
      return reason satisfies never;
  }
}

function failedHeadline({ step, wasLive, pool }: DeployFailed, release: string): string {
  const end = wasLive ? 'visitors met it' : `${otherPool(pool)} goes on serving`;
  return `Deploy failed at ${oneLine(step, 40)}: ${release}; ${end}`;
}

function finishedText({ pool, switched, bake }: DeployFinished): string {
  if (!switched) return `It has passed its checks; ${otherPool(pool)} stays the active pool until somebody switches.`;
  const active = `${capital(pool)} is the active pool.`;
  if (bake === undefined) return active;
  const { lastedMs, failed } = bake;
  return `${active} Watched for ${duration(lastedMs)}: ${requests(bake.requests)}, ${share(failed, bake.requests)} failed.`;
}

function endedText({ incident, failovers }: NonNullable<Switch['ended']>): string {
  return failovers === undefined ? `failover ${incident}` : `flapping ${incident} (${failovers} failovers)`;
}

function short(release: string): string {
  return oneLine(release, maxReleaseChars);
}

function by(actor: string | undefined): Fact[] {
  return fact('By', actor);
}
