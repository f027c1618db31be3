import { type CertificateReport, certificateTone, certificateWords, failureWords } from '../../report/certificates.ts';
import type { CertificateLine, Now, PoolReport } from '../../report/dashboard.ts';
import type { Health } from '../../report/health.ts';
import { otherPool, type Pool } from '../../settings/pool.ts';
import { isSilent } from '../control/certificates.ts';
import type { ControlDirectory } from '../control/flags.ts';
import type { Releases } from '../past/releases.ts';
import type { WatchView } from '../rules/health.ts';
import type { Found } from './companion.ts';
import { problemsOf, type Standing, statementOf } from './statement.ts';

export interface NowParts {
  readonly watch: WatchView;
  readonly health: Health;
  readonly releases: Releases;
  readonly control: ControlDirectory;
  readonly edge: Found;
  readonly prober: Found;
  readonly pastFault: string | null;
  readonly thresholdPercent: number;
  readonly startedMs: number;
}

/** The present state for the dashboard, from what the watcher knows already. */
export function nowOf(parts: NowParts, nowMs: number): Now {
  const { watch, health, releases, control, edge, prober, pastFault, thresholdPercent, startedMs } = parts;
  const { state, lastEndMs } = watch.snapshot();
  const { active } = watch;
  const standing: Standing = {
    state,
    active,
    lastEndMs,
    edge,
    prober,
    log: health.log,
    journalFault: health.journal.fault,
    checkpointFault: health.checkpoint.fault,
    pastFault,
    channels: health.channels,
    certificates: health.certificates ?? [],
    certificatesSilentSinceMs: isSilent(watch.certificates, nowMs) ? watch.certificates.reportedMs : null,
    nowMs,
  };
  const problems = problemsOf(standing);
  const { errorRate, operations, mute } = state;
  const { deploy } = operations;
  const { log, checkpoint } = health;
  const reasons = Object.entries(log.rejects).filter(([, count]) => count > 0);
  return {
    statement: statementOf(standing, problems),
    problems,
    pools: { blue: poolOf('blue', standing, releases), green: poolOf('green', standing, releases) },
    thresholdPercent,
    windowSize: errorRate.window.size,
    deploy: deploy === null ? null : { pool: deploy.pool, release: deploy.release },
    certificates: standing.certificates.map(lineOf),
    canary: canaryOf(active, control),
    mutedUntilMs: mute.open?.untilMs ?? null,
    maintenanceMode: health.maintenance,
    watcher: {
      version: health.version,
      startedMs,
      state: log.state,
      fault: log.fault,
      catchingUp: log.catchingUp,
      lagBytes: log.lagBytes,
      lines: log.lines,
      lastLineMs: lastEndMs === 0 ? null : lastEndMs,
      rotations: log.rotations,
      truncations: log.truncations,
      gaps: log.gaps,
      rejects: reasons.reduce((sum, [, count]) => sum + count, 0),
      rejectReasons: reasons,
      checkpoint: {
        fault: checkpoint.fault,
        lastWrittenMs: checkpoint.lastWritten === null ? null : Date.parse(checkpoint.lastWritten),
      },
      channels: health.channels,
    },
  };
}

function lineOf(certificate: CertificateReport): CertificateLine {
  const { domain, notAfterMs, source, state, nextAttemptMs } = certificate;
  const words = certificateWords(certificate);
  const failure = failureWords(certificate) ?? null;
  return { domain, notAfterMs, source, nextAttemptMs, tone: certificateTone(state), words, failure };
}

function canaryOf(active: Pool | null, control: ControlDirectory): Now['canary'] {
  const percent = active === null ? 0 : control.canaryPercent(active);
  return active === null || percent === 0 ? null : { pool: otherPool(active), percent };
}

function poolOf(pool: Pool, { state, active, prober }: Standing, releases: Releases): PoolReport {
  const { flags } = state;
  const flag = flags?.[pool] ?? null;
  // A flag counts even if the prober is gone; its absence means nothing then.
  const isChecked = flags !== null && prober.state !== 'gone';
  return {
    role: active === null ? null : active === pool ? 'active' : 'standby',
    healthy: flag !== null ? false : isChecked ? true : null,
    cause: flag?.cause ?? null,
    release: releases.runs(pool)?.release ?? null,
  };
}
