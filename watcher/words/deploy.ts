import { countedText, duration } from '../../report/figures.ts';
import { capital, oneLine, sentence, short } from '../../report/text.ts';
import { otherPool } from '../../settings/pool.ts';
import type { DeployFailed, DeployFinished, DeployStarted } from '../alerts/alert.ts';
import { by, fact, note, serving, type Wording } from './facts.ts';

export function deployWording(alert: DeployStarted | DeployFailed | DeployFinished): Wording {
  const { pool, actor } = alert;
  const release = short(alert.release);
  const other = otherPool(pool);
  switch (alert.kind) {
    case 'deploy-started':
      return {
        headline: `Deploy started: ${release} → ${pool}`,
        summary: `${capital(other)} keeps serving. Until ${pool} is ready there is no standby.`,
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

function failedHeadline({ step, pool, rolledBack, noWayBack }: DeployFailed, release: string): string {
  if (rolledBack) return `Rolled back: ${release}, but ${pool} is no standby now`;
  const end =
    noWayBack === undefined ? `; ${otherPool(pool)} keeps serving` : ` is STILL ACTIVE on ${pool}, not rolled back`;
  return `Deploy failed at ${oneLine(step, 40)}: ${release}${end}`;
}

function failedText({ pool, why, wasLive, rolledBack, noWayBack, restored }: DeployFailed): string {
  const sentences = [sentence(why)];
  if (!wasLive) sentences.unshift('No visitor was sent to it.');
  if (noWayBack !== undefined) sentences.push(sentence(noWayBack));
  else if (rolledBack)
    sentences.push(`What ${pool} ran before could not be restored: there is nothing to fail over to.`);
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
      headline: `Deploy finished, not monitored: ${release} serves on ${pool}`,
      summary: `${active} Its behavior under traffic is not known.`,
      tone: 'neutral',
      anchor: 'deploy-not-monitored',
    };
  }
  return {
    headline: `Deploy finished: ${release} serves on ${pool}`,
    summary: `${active} Monitored for ${duration(bake.lastedMs)}: ${countedText(bake)}.`,
    tone: 'good',
    anchor: 'deploy-finished',
  };
}
