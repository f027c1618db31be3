import type { Look } from '../cli/status/look.ts';
import type { JournalRecord } from '../journal/record.ts';
import type { Health } from '../report/health.ts';
import type { Pool } from '../settings/pool.ts';

type Edge = NonNullable<Look['control']>['edge'];

export const edge: Edge = {
  active: 'blue',
  serving: 'blue',
  down: { blue: false, green: false },
  guarded: true,
  maintenance: false,
  nginx: '1.30.0',
};

export const health: Health = {
  status: 'ok',
  version: '0.1.0',
  log: {
    state: 'reading',
    fault: null,
    lagBytes: 0,
    catchingUp: false,
    lines: 10,
    lastLine: null,
    rejects: {},
    previews: 0,
    rotations: 0,
    truncations: 0,
    gaps: 0,
    file: null,
  },
  journal: { rejects: 0, fault: null },
  checkpoint: { state: 'ok', fault: null, lastWritten: null },
  active: 'blue',
  serving: 'blue',
  down: { blue: false, green: false },
  openIncidents: [],
  window: { samples: 200, failed: 1, errorPercent: 0.5 },
  alertsHeldBack: 0,
  maintenance: false,
  muted: null,
  deploy: null,
  slack: { configured: false },
  channels: [],
};

export const slack = { name: 'slack', state: 'open', queued: 0, sent: 4, dropped: 0, lastError: null } as const;

const running = (name: Look['services'][number]['name'], pid: number) =>
  ({ name, state: 'running', detail: `pid ${pid}` }) as const;

const pool = (name: Pool): Look['pools'][number] => ({
  pool: name,
  healthy: true,
  health: 'healthy',
  release: `${name}-1`,
  reported: `${name}-1`,
  planned: `${name}-1`,
  url: 'http://127.0.0.1:1',
});

export const blue = pool('blue');
export const green = pool('green');

/** A look at a healthy stack, with the given changes. */
export function lookOf(
  changed: Partial<Look> & { readonly edge?: Partial<Edge>; readonly journal?: readonly JournalRecord[] } = {},
): Look {
  const { edge: changedEdge, journal = [], ...rest } = changed;
  return {
    pools: [blue, green],
    watcher: health,
    isForeign: false,
    counters: undefined,
    control: { edge: { ...edge, ...changedEdge }, canaryPercent: 0, muted: undefined, journal },
    fault: undefined,
    services: [running('nginx_proxy', 1), running('app_blue', 2), running('app_green', 3), running('alert_watcher', 4)],
    deploy: undefined,
    ...rest,
  };
}
