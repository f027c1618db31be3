import { otherPool } from '../settings/pool.ts';
import type { Switch } from './alert.ts';
import { capital, fact, note, oneLine, sentence } from './facts.ts';
import { duration, requests, share } from './figures.ts';
import type {
  Canary,
  DeployFailed,
  DeployFinished,
  DeployStarted,
  MaintenanceOff,
  MaintenanceOn,
} from './operation-alert.ts';
import type { Fact, Wording } from './wording.ts';

/** A headline is to be read on a locked phone. */
const maxReleaseChars = 60;

/** Somebody changed the active colour, or a deploy did. */
export function switchWording(alert: Switch): Wording {
  const { from, to, operation, ended } = alert;
  const { reason = 'switch', actor, replaced, why } = operation ?? {};
  const ends =
    ended === undefined
      ? ''
      : ` That ends ${endedText(ended)} after ${duration(ended.lastedMs)}; ` +
        `${to} served ${requests(ended.served)} meanwhile.`;
  const because = why === undefined ? '' : ` ${sentence(why)}`;
  return {
    headline: switchHeadline(alert, reason),
    summary:
      reason === 'bake'
        ? `The new release on ${from} did badly.${because} ${capital(to)} is the active pool again.${ends}`
        : `${capital(to)} is the active pool now.${ends}${because}`,
    facts: [
      ...fact('Release', alert.release),
      ...fact(reason === 'switch' || reason === 'deploy' ? 'Replaces' : 'Rolled back', replaced),
      ...by(actor),
    ],
    tone: reason === 'bake' ? 'bad' : reason === 'rollback' ? 'warning' : 'neutral',
    anchor: reason === 'switch' ? 'planned-switch' : reason === 'deploy' ? 'deploy' : 'rollback',
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
          ...fact('Image', alert.image),
          ...fact('Replaces', alert.replaces),
          ...fact('Active release', alert.activeRelease),
          ...by(actor),
        ],
        tone: 'neutral',
        anchor: 'deploy',
      };
    case 'deploy-failed':
      return {
        headline: `Deploy failed at ${oneLine(alert.step, 40)}: ${release}`,
        summary:
          (alert.wasLive ? '' : `Visitors saw nothing of it: ${other} went on serving. `) +
          sentence(alert.why) +
          (alert.restored === undefined ? '' : ` ${capital(pool)} runs ${short(alert.restored)} again.`),
        facts: [...fact('Restored', alert.restored), note('Took', duration(alert.tookMs)), ...by(actor)],
        tone: 'bad',
        anchor: 'deploy-failed',
      };
    case 'deploy-finished':
      return {
        headline: alert.switched ? `Deploy finished: ${release}` : `Deploy ready: ${release} waits on ${pool}`,
        summary: finishedText(alert),
        facts: [note('Took', duration(alert.tookMs)), ...by(actor)],
        tone: 'good',
        anchor: 'deploy',
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
      headline: 'Canary off',
      summary: because === '' ? `No visitor is sent to ${pool}${of} any more.` : because,
      facts: [...fact('Release', release), ...by(actor)],
      tone: because === '' ? 'neutral' : 'warning',
      anchor: 'canary',
    };
  }
  return {
    headline: `Canary: ${percent}% of visitors → ${pool}${of}`,
    summary: `${capital(otherPool(pool))} stays the active pool and steps in where ${pool} fails.${because && ` ${because}`}`,
    facts: by(actor),
    tone: 'neutral',
    anchor: 'canary',
  };
}

export function maintenanceWording(alert: MaintenanceOn | MaintenanceOff): Wording {
  if (alert.kind === 'maintenance-on') {
    return {
      headline: 'Maintenance on',
      summary: 'Visitors get the maintenance page (503) until it is off.',
      facts: by(alert.actor),
      tone: 'warning',
      anchor: 'maintenance',
    };
  }
  const { lastedMs, answered, actor } = alert;
  return {
    headline: lastedMs === undefined ? 'Maintenance off' : `Maintenance off after ${duration(lastedMs)}`,
    summary:
      answered === undefined
        ? 'Visitors are served again.'
        : `Visitors are served again. ${capital(requests(answered))} met the maintenance page.`,
    facts: by(actor),
    tone: 'good',
    anchor: 'maintenance',
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
