import type { AlertKind } from '../report/alert-kinds.ts';
import type { Alert, ErrorRate, Failover, Switch } from '../watcher/alerts/alert.ts';

const base = { incident: '1123-1405-7', atMs: Date.UTC(2025, 10, 23, 14, 5, 9, 123) };

export const failover: Failover = {
  ...base,
  kind: 'failover',
  from: 'blue',
  to: 'green',
  release: 'green-release-1.0.0',
  upstream: '172.31.240.11:3000 (502) → 172.31.240.12:3000 (200)',
  requestMs: 45,
  cause: 'refused or reset',
  request: { requestId: '8f3c0d51a94b4e7f9d0c6a2b71e5f483' },
};
export const errorRate: ErrorRate = {
  ...base,
  kind: 'error-rate',
  failed: 11,
  samples: 200,
  thresholdPercent: 2,
  pool: 'green',
  visible: 0,
  worstPaths: [
    { path: '/pay', failed: 9 },
    { path: '/cart', failed: 2 },
  ],
};

const settled = {
  kind: 'flapping-resolved',
  pool: 'blue',
  standby: 'green',
  failovers: 17,
  served: 4_210,
  lastedMs: 250_000,
  stableMs: 300_000,
} as const;

const away = { kind: 'away', fromMs: base.atMs - 1_740_000, toMs: base.atMs, more: 0 } as const;
const eventsAt = (sinceMs: number, what: readonly string[]) =>
  what.map((words, index) => ({ atMs: sinceMs + (index + 1) * 60_000, what: words }));

export const switched = (operation: NonNullable<Switch['operation']>): Switch => ({
  ...base,
  kind: 'switch',
  from: 'blue',
  to: 'green',
  release: operation.release,
  operation,
});
export const deploy = { ...base, incident: 'd-7', actor: 'ci', pool: 'green', release: 'v2.4.0' } as const;
const muted = { kind: 'unmuted', fromMs: base.atMs - 1_740_000, toMs: base.atMs } as const;

const day = 86_400_000;
const certificate = {
  ...base,
  incident: '1123-1405-8',
  domain: 'shop.example',
  source: 'acme',
  issuer: "C=US, O=Let's Encrypt, CN=R11",
  notAfterMs: base.atMs + 14 * day,
} as const;
const refused = {
  error: 'acme: error: 403 :: urn:ietf:params:acme:error:unauthorized :: 203.0.113.7: Invalid response: 404',
  nextAttemptMs: base.atMs + 3_600_000,
} as const;

type Samples<K extends AlertKind, A = Extract<Alert, { kind: K }>> = readonly [A, ...A[]];

/** Samples of each kind, with the variants that change its words. */
export const sampleAlerts: { readonly [kind in AlertKind]: Samples<kind> } = {
  failover: [
    failover,
    { ...base, kind: 'failover', from: 'green', to: 'blue', upstream: '10.0.0.1:3000 (200)', requestMs: 3_004 },
    { ...failover, heldBack: { count: 2, sinceMs: base.atMs - 180_000 } },
  ],
  recovery: [
    { ...base, kind: 'recovery', pool: 'blue', standby: 'green', release: 'blue-2', lastedMs: 723_400, served: 4_210 },
    { ...base, kind: 'recovery', pool: 'green', standby: 'blue', lastedMs: 900, served: 1 },
  ],
  switch: [
    { ...base, kind: 'switch', from: 'blue', to: 'green', release: 'green-2' },
    {
      ...base,
      kind: 'switch',
      from: 'blue',
      to: 'green',
      ended: { incident: '1123-1400-6', lastedMs: 61_000, served: 9 },
    },
    {
      ...base,
      kind: 'switch',
      from: 'blue',
      to: 'green',
      ended: { incident: '1123-1400-6', lastedMs: 61_000, served: 9, failovers: 5 },
    },
    switched({ reason: 'switch', actor: 'alice' }),
    switched({ reason: 'deploy', actor: 'ci', deploy: 'd-7', release: 'v2.4.0', replaced: 'v2.3.9' }),
    switched({ reason: 'rollback', actor: 'alice', replaced: 'v2.4.0', why: 'checkout is\nslow' }),
    switched({ reason: 'rollback', actor: 'alice', release: 'v2.3.9', replaced: 'v2.4.0' }),
    switched({
      reason: 'bake',
      actor: 'ci',
      deploy: 'd-7',
      release: 'v2.3.9',
      replaced: 'v2.4.0',
      why: '21 of 500 requests failed (4.20%, allowed 1%)',
      bake: { lastedMs: 12_000, requests: 500, failed: 21 },
    }),
    {
      ...switched({ reason: 'rollback', actor: 'alice' }),
      ended: { incident: '1123-1400-6', lastedMs: 61_000, served: 9 },
    },
  ],
  'error-rate': [
    errorRate,
    { ...errorRate, visible: 4, shared: 4, escalated: true },
    { ...errorRate, visible: 1 },
    { ...errorRate, visible: 11, shared: 11, cause: 'headers too big' },
  ],
  'error-rate-resolved': [
    { ...base, kind: 'error-rate-resolved', failed: 2, samples: 200, lastedMs: 95_000 },
    { ...base, kind: 'error-rate-resolved', failed: 0, samples: 0, lastedMs: 1_020_000 },
  ],
  outage: [
    {
      ...base,
      kind: 'outage',
      shownBy: 'requests',
      causes: {},
      upstream: '10.0.0.1:3000 (500) → 10.0.0.2:3000 (500)',
      request: { requestId: '8f3c0d51a94b4e7f9d0c6a2b71e5f483', traceId: '4bf92f3577b34da6a3ce929d0e0e4736' },
    },
    { ...base, kind: 'outage', shownBy: 'health-checks', causes: { blue: 'refused', green: 'status 500' } },
  ],
  'outage-resolved': [
    { ...base, kind: 'outage-resolved', pool: 'blue', lastedMs: 7_384_000, unserved: 214 },
    { ...base, kind: 'outage-resolved', lastedMs: 5_000, unserved: 0 },
  ],
  'standby-down': [{ ...base, kind: 'standby-down', pool: 'green', active: 'blue', cause: 'timeout' }],
  'standby-resolved': [
    { ...base, kind: 'standby-resolved', pool: 'green', lastedMs: 42_000, because: 'healthy' },
    { ...base, kind: 'standby-resolved', pool: 'green', lastedMs: 42_000, because: 'active' },
  ],
  overload: [{ ...base, kind: 'overload', active: 'blue' }],
  'overload-resolved': [{ ...base, kind: 'overload-resolved', lastedMs: 184_000 }],
  'certificate-expiring': [
    { ...certificate, kind: 'certificate-expiring', renewAtMs: base.atMs - 16 * day, ...refused },
    {
      ...certificate,
      kind: 'certificate-expiring',
      notAfterMs: base.atMs + 30 * 3_600_000,
      silentSinceMs: base.atMs - 9 * day,
    },
    { ...certificate, kind: 'certificate-expiring', source: 'file', issuer: 'CN=Example CA' },
    { ...certificate, kind: 'certificate-expiring', notAfterMs: base.atMs - 500, ...refused },
    { ...certificate, kind: 'certificate-expiring', source: 'file', notAfterMs: base.atMs - 500 },
  ],
  'certificate-renewal-failed': [
    {
      ...certificate,
      kind: 'certificate-renewal-failed',
      notAfterMs: base.atMs + 29 * day,
      failures: 3,
      ...refused,
    },
    { ...certificate, kind: 'certificate-renewal-failed', source: 'self-signed', failures: 3, ...refused },
    { ...certificate, kind: 'certificate-renewal-failed', source: 'self-signed', failures: 0 },
    {
      ...certificate,
      kind: 'certificate-renewal-failed',
      source: 'file',
      failures: 3,
      error: 'the key of TLS_KEY_FILE does not belong to the certificate',
    },
  ],
  'certificate-renewed': [
    {
      ...certificate,
      kind: 'certificate-renewed',
      notAfterMs: base.atMs + 90 * day,
      instead: 'acme',
      because: 'new',
      lastedMs: 16 * day,
    },
    {
      ...certificate,
      kind: 'certificate-renewed',
      notAfterMs: base.atMs + 6 * day,
      instead: 'self-signed',
      because: 'new',
      lastedMs: 723_400,
    },
    {
      ...certificate,
      kind: 'certificate-renewed',
      source: 'file',
      instead: 'file',
      because: 'readable',
      lastedMs: 723_400,
    },
    { ...certificate, kind: 'certificate-renewed', instead: 'acme', because: 'removed', lastedMs: 3 * day },
  ],
  flapping: [
    { ...base, kind: 'flapping', pool: 'blue', standby: 'green', failovers: 3, lastedMs: 41_200, cause: 'timed out' },
  ],
  'flapping-resolved': [
    { ...base, ...settled, serving: 'blue' },
    { ...base, ...settled, serving: 'green' },
  ],
  'burn-rate': [
    { ...base, kind: 'burn-rate', sloPercent: 99.9, burn: 16, failed: 80, requests: 5_000 },
    { ...base, kind: 'burn-rate', sloPercent: 99.9, burn: 500, failed: 2_500, requests: 5_000 },
  ],
  'burn-rate-resolved': [
    { ...base, kind: 'burn-rate-resolved', sloPercent: 99.9, lastedMs: 600_000, failed: 1, requests: 400 },
  ],
  'deploy-started': [
    { ...deploy, kind: 'deploy-started' },
    {
      ...deploy,
      kind: 'deploy-started',
      image: 'registry.example/shop:v2.4.0',
      replaces: 'v2.3.8',
      activeRelease: 'v2.3.9',
    },
  ],
  'deploy-failed': [
    {
      ...deploy,
      kind: 'deploy-failed',
      step: 'health',
      wasLive: false,
      why: '/healthz answered 500 for 30 s',
      restored: 'v2.3.8',
      tookMs: 41_000,
    },
    {
      ...deploy,
      kind: 'deploy-failed',
      step: 'canary 25%',
      wasLive: true,
      why: '3 of 40 requests failed (7.50%, allowed 1%)',
      restored: 'v2.3.8',
      tookMs: 41_000,
    },
    {
      ...deploy,
      kind: 'deploy-failed',
      step: 'bake',
      wasLive: true,
      why: '21 of 500 requests failed (4.20%, allowed 1%)',
      noWayBack: 'blue is not healthy either (status 503)',
      tookMs: 61_000,
    },
    {
      ...deploy,
      kind: 'deploy-failed',
      step: 'bake',
      wasLive: true,
      rolledBack: true,
      why: '21 of 500 requests failed (4.20%, allowed 1%)',
      tookMs: 151_000,
    },
    { ...deploy, kind: 'deploy-failed', step: 'bake', why: 'interrupted.', wasLive: true, tookMs: 41_000 },
  ],
  'deploy-finished': [
    {
      ...deploy,
      kind: 'deploy-finished',
      switched: true,
      tookMs: 61_000,
      bake: { lastedMs: 30_000, requests: 1_234, failed: 1 },
    },
    { ...deploy, kind: 'deploy-finished', switched: true, tookMs: 61_000 },
    { ...deploy, kind: 'deploy-finished', switched: false, tookMs: 31_000 },
  ],
  canary: [
    { ...base, kind: 'canary', actor: 'alice', percent: 5, pool: 'green', release: 'v2.4.0' },
    { ...base, kind: 'canary', actor: 'alice', percent: 0, pool: 'green' },
    {
      ...base,
      kind: 'canary',
      actor: 'ci',
      percent: 0,
      pool: 'green',
      release: 'v2.4.0',
      why: '3 of 40 requests failed',
      didBadly: true,
    },
    { ...base, kind: 'canary', actor: 'ci', percent: 0, pool: 'green', release: 'v2.4.0', why: 'interrupted' },
  ],
  'maintenance-on': [{ ...base, kind: 'maintenance-on', actor: 'alice' }],
  'maintenance-off': [
    { ...base, kind: 'maintenance-off', actor: 'alice', lastedMs: 720_000, answered: 1_024 },
    { ...base, kind: 'maintenance-off', actor: 'alice', lastedMs: 9_000, answered: 0 },
    { ...base, kind: 'maintenance-off', actor: 'alice' },
  ],
  muted: [
    { ...base, kind: 'muted', actor: 'alice', untilMs: base.atMs + 1_800_000, ongoing: [] },
    { ...base, kind: 'muted', actor: 'alice', untilMs: base.atMs + 86_400_000, ongoing: ['outage', 'error rate high'] },
    {
      ...base,
      kind: 'muted',
      actor: 'bob',
      untilMs: base.atMs + 3_600_000,
      insteadOfMs: base.atMs + 1_800_000,
      ongoing: [],
    },
  ],
  unmuted: [
    { ...base, ...muted, events: [], more: 0, stillOpen: [] },
    {
      ...base,
      ...muted,
      events: eventsAt(muted.fromMs, ['failed over to green', 'recovered to blue']),
      more: 0,
      stillOpen: [],
    },
    { ...base, ...muted, events: eventsAt(muted.fromMs, Array(20).fill('outage')), more: 3, stillOpen: ['outage'] },
    { ...base, ...muted, events: [], more: 0, stillOpen: ['deploy of v2.4.0 to green'] },
  ],
  test: [{ ...base, incident: '1123-1405-9c4e', kind: 'test', actor: 'alice' }],
  away: [
    { ...base, ...away, events: eventsAt(away.fromMs, ['failed over to green', 'recovered to blue']), stillOpen: [] },
    { ...base, ...away, events: eventsAt(away.fromMs, Array(20).fill('outage')), more: 3, stillOpen: ['outage'] },
    {
      ...base,
      ...away,
      fromMs: away.fromMs - 86_400_000,
      events: eventsAt(away.fromMs, ['outage']),
      stillOpen: ['outage'],
    },
  ],
};
