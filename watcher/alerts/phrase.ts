import { oneLine, short } from '../../report/text.ts';
import type { Alert, DeployFailed, Switch } from './alert.ts';

/** Phrases are parts of sentences, so releases in them are short. */
export const maxPhraseReleaseChars = 40;

/** An alert in a few words, for a list of events. */
export function phraseOf(alert: Alert): string {
  switch (alert.kind) {
    case 'failover':
      return `failed over to ${alert.to}`;
    case 'recovery':
      return `recovered to ${alert.pool}`;
    case 'switch':
      return switchPhrase(alert);
    case 'flapping':
      return `${alert.pool} flapping`;
    case 'flapping-resolved':
      return `flapping resolved, ${alert.serving} serves`;
    case 'error-rate':
      return 'error rate high';
    case 'error-rate-resolved':
      return 'error rate back to normal';
    case 'burn-rate':
      return 'error budget burning too fast';
    case 'burn-rate-resolved':
      return 'error budget no longer burning too fast';
    case 'outage':
      return alert.shownBy === 'requests' ? 'outage' : 'both pools failing their health checks';
    case 'outage-resolved':
      return alert.unserved === 0 ? 'no outage seen' : 'outage resolved';
    case 'standby-down':
      return `standby ${alert.pool} down`;
    case 'standby-resolved':
      return alert.because === 'healthy' ? `standby ${alert.pool} up again` : `${alert.pool} made active`;
    case 'overload':
      return 'machine overloaded';
    case 'overload-resolved':
      return 'machine no longer overloaded';
    case 'certificate-expiring':
      return `certificate of ${short(alert.domain)} ${alert.notAfterMs <= alert.atMs ? 'expired' : 'running out'}`;
    case 'certificate-renewal-failed':
      return alert.source === 'self-signed'
        ? `no certificate for ${short(alert.domain)}`
        : `renewal of the certificate of ${short(alert.domain)} failing`;
    case 'certificate-renewed':
      return `certificate of ${short(alert.domain)} ${alert.because === 'removed' ? 'no longer needed' : 'in order'}`;
    case 'away':
      return 'the watcher was away';
    case 'deploy-started':
      return `deploy of ${oneLine(alert.release, maxPhraseReleaseChars)} to ${alert.pool} started`;
    case 'deploy-failed':
      return failedPhrase(alert);
    case 'deploy-finished':
      return `deploy of ${oneLine(alert.release, maxPhraseReleaseChars)} ${alert.switched ? 'finished' : 'ready'}`;
    case 'canary':
      return alert.percent === 0 ? 'canary off' : `canary ${alert.percent}% to ${alert.pool}`;
    case 'maintenance-on':
      return 'maintenance on';
    case 'maintenance-off':
      return 'maintenance off';
    case 'muted':
      return 'alerts muted';
    case 'unmuted':
      return 'alerts on again';
    case 'test':
      return 'test alert';
    default:
      return alert satisfies never;
  }
}

function failedPhrase({ release, step, pool, noWayBack }: DeployFailed): string {
  const failed = `deploy of ${oneLine(release, maxPhraseReleaseChars)} failed at ${oneLine(step, maxPhraseReleaseChars)}`;
  return noWayBack === undefined ? failed : `${failed}, still active on ${pool}`;
}

function switchPhrase({ to, operation }: Switch): string {
  const { reason = 'switch', release } = operation ?? {};
  switch (reason) {
    case 'switch':
      return `switched to ${to}`;
    case 'deploy':
      return `deployed ${release === undefined ? '' : `${oneLine(release, maxPhraseReleaseChars)} `}on ${to}`;
    case 'rollback':
      return `rolled back by hand to ${to}`;
    case 'bake':
      return `rolled back automatically to ${to}`;
    default:
      return reason satisfies never;
  }
}
