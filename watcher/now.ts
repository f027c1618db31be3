import type { Pool } from '../settings/pool.ts';
import type { Now, PoolReport } from './dashboard-report.ts';
import type { Health } from './health.ts';
import type { Releases } from './releases.ts';
import { type Standing, statementOf, worriesOf } from './statement.ts';
import type { Watch } from './watch.ts';

export interface NowParts {
  readonly watch: Watch;
  readonly health: Health;
  readonly releases: Releases;
  readonly thresholdPercent: number;
  readonly startedMs: number;
}

/** What the dashboard says of the present, from what the watcher knows anyway. */
export function nowOf({ watch, health, releases, thresholdPercent, startedMs }: NowParts, nowMs: number): Now {
  const { state } = watch.snapshot();
  const { active } = watch;
  const { channels } = health;
  const standing = { state, active, log: health.log, checkpointFault: health.checkpoint.fault, channels, nowMs };
  const worries = worriesOf(standing);
  const { errorRate, operations, mute } = state;
  const { deploy } = operations;
  const { log, checkpoint } = health;
  const reasons = Object.entries(log.rejects).filter(([, count]) => count > 0);
  return {
    statement: statementOf(standing, worries),
    worries,
    pools: { blue: poolOf('blue', standing, releases), green: poolOf('green', standing, releases) },
    thresholdPercent,
    windowSize: errorRate.window.size,
    deploy: deploy === null ? null : { pool: deploy.pool, release: deploy.release, sinceMs: deploy.sinceMs },
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
      lastLineMs: log.lastLine === null ? null : Date.parse(log.lastLine),
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

function poolOf(pool: Pool, { state, active }: Standing, releases: Releases): PoolReport {
  const { flags } = state;
  const runs = releases.runs(pool);
  return {
    role: active === null ? null : active === pool ? 'active' : 'standby',
    fit: flags === null ? null : flags[pool] === null,
    cause: flags?.[pool]?.cause ?? null,
    release: runs?.release ?? null,
    sinceMs: runs?.sinceMs ?? null,
  };
}
