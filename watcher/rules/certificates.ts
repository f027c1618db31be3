import type { Certificate } from '../../certificates/report.ts';
import { oneLine } from '../../report/text.ts';
import type { Alert, CertificateRenewed } from '../alerts/alert.ts';
import { isSilent, type KnownCertificates } from '../control/certificates.ts';
import { expiryStage } from './certificate-age.ts';
import { isFailing } from './certificate-state.ts';
import { announce, beginIncident, conclude, type Incident, push, type Verdict } from './incident.ts';
import type { CertificateTrouble, Policy, State } from './state.ts';

/** What a look at the certificates needs besides them. */
interface Look {
  readonly state: State;
  readonly known: KnownCertificates;
  readonly nowMs: number;
  readonly policy: Policy;
  readonly verdicts: Verdict[];
}

/**
 * Alerts when a certificate runs out or cannot be renewed. All alerts about one domain are one incident, which ends once with
 * a new certificate.
 */
export function certificatesTick(
  state: State,
  known: KnownCertificates,
  nowMs: number,
  verdicts: Verdict[],
  policy: Policy,
): void {
  const look: Look = { state, known, nowMs, policy, verdicts };
  const { troubles, selfSignedSinceMs } = state.certificates;
  for (const trouble of Object.values(troubles)) {
    if (!known.domains.includes(trouble.domain)) end(look, trouble, trouble, 'removed');
  }
  for (const certificate of known.certificates) {
    const { domain, source } = certificate;
    if (source !== 'self-signed') delete selfSignedSinceMs[domain];
    // A later time means that the clock was set back.
    else selfSignedSinceMs[domain] = Math.min(selfSignedSinceMs[domain] ?? nowMs, nowMs);
    const trouble = troubles[domain];
    const because = trouble === undefined ? undefined : whyOver(trouble, certificate, nowMs);
    if (trouble !== undefined && because !== undefined) end(look, trouble, certificate, because);
    else follow(look, certificate);
  }
}

function whyOver(
  trouble: CertificateTrouble,
  certificate: Certificate,
  nowMs: number,
): CertificateRenewed['because'] | undefined {
  const { source, failures } = certificate;
  if (source === 'self-signed' || failures > 0 || expiryStage(certificate, nowMs) > 0) return undefined;
  if (isAnother(trouble, certificate)) return 'new';
  // After a restart, the certificates program counts from zero, which renews nothing. A file that it can read is in order.
  return source === 'file' ? 'readable' : undefined;
}

function isAnother(trouble: CertificateTrouble, { source, notAfterMs }: Certificate): boolean {
  return trouble.source !== source || trouble.notAfterMs !== notAfterMs;
}

function follow(look: Look, certificate: Certificate): void {
  const { state, nowMs } = look;
  const { troubles } = state.certificates;
  const { domain, source, issuer, notAfterMs, failures } = certificate;
  const stage = expiryStage(certificate, nowMs);
  const isBroken = isFailing(state, certificate, nowMs);
  if (troubles[domain] === undefined && stage === 0 && !isBroken) return;
  const shown = { source, issuer, notAfterMs, stage: 0, expiring: null };
  troubles[domain] ??= { ...beginIncident(state, nowMs), domain, failing: null, ...shown };
  const trouble = troubles[domain];
  // A self-signed one is worse than a renewal that fails.
  if (trouble.source !== source) trouble.failing = null;
  // A new one that runs out soon as well has its own alerts.
  if (isAnother(trouble, certificate)) Object.assign(trouble, shown);
  if (stage > trouble.stage) {
    trouble.stage = stage;
    trouble.expiring = alertOf(trouble, nowMs);
  }
  const alert = { incident: trouble.id, ...factsOf(certificate, nowMs) };
  if (trouble.expiring !== null) {
    const { renewAtMs } = certificate;
    const silentSinceMs = isSilent(look.known, nowMs) ? look.known.reportedMs : undefined;
    const isSent = send(look, trouble, trouble.expiring, {
      ...alert,
      kind: 'certificate-expiring',
      renewAtMs,
      silentSinceMs,
    });
    // It has the error, too.
    if (isSent && isBroken) trouble.failing ??= { ...trouble.expiring };
  }
  if (!isBroken) return;
  trouble.failing ??= alertOf(trouble, nowMs);
  send(look, trouble, trouble.failing, { ...alert, kind: 'certificate-renewal-failed', failures });
}

/** Sends an alert unless it has been sent or is held back. Returns whether it is sent now. */
function send(look: Look, trouble: CertificateTrouble, incident: Incident, alert: Alert): boolean {
  const { state, nowMs, policy, verdicts } = look;
  const key = `${alert.kind}:${trouble.domain}`;
  // The second alert of an incident says that it got worse.
  const verdict = announce(state.gates, key, incident, () => alert, nowMs, policy, trouble.announced);
  push(verdicts, verdict);
  if (verdict?.fate !== 'send') return false;
  trouble.announced = true;
  return true;
}

function end(
  { state, nowMs, policy, verdicts }: Look,
  trouble: CertificateTrouble,
  { source, issuer, notAfterMs }: Pick<Certificate, 'source' | 'issuer' | 'notAfterMs'>,
  because: CertificateRenewed['because'],
): void {
  const { id: incident, domain, atMs, source: instead, expiring } = trouble;
  delete state.certificates.troubles[domain];
  const alert: CertificateRenewed = {
    kind: 'certificate-renewed',
    incident,
    atMs: nowMs,
    domain,
    source,
    issuer: oneLine(issuer),
    notAfterMs,
    instead,
    because,
    lastedMs: Math.max(0, nowMs - atMs),
  };
  const kind = expiring === null ? 'certificate-renewal-failed' : 'certificate-expiring';
  verdicts.push(conclude(state.gates, `${kind}:${domain}`, trouble, alert, policy));
}

function alertOf({ id }: CertificateTrouble, nowMs: number): Incident {
  return { id, atMs: nowMs, announced: false, held: false };
}

/** What both alerts say. */
function factsOf({ domain, source, issuer, notAfterMs, error, nextAttemptMs }: Certificate, atMs: number) {
  const cause = error === undefined ? undefined : oneLine(error);
  return { atMs, domain, source, issuer: oneLine(issuer), notAfterMs, error: cause, nextAttemptMs };
}
