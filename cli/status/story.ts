import { utcTime } from '../../report/figures.ts';
import type { Health } from '../../report/health.ts';
import { isIdle } from '../../report/serving.ts';
import { capital } from '../../report/text.ts';
import type { Tone } from '../../report/tone.ts';
import { otherPool, type Pool } from '../../settings/pool.ts';
import { holderText } from '../deploy/lock.ts';
import type { EdgeStatus } from '../edge/control-state.ts';
import { isHealthy } from '../engine/engine.ts';
import type { CommandError } from '../terminal/command-error.ts';
import { certificateRemarks } from './certificates.ts';
import type { Look } from './look.ts';
import type { Remark } from './remark.ts';

/** The state of the stack. The first remark matters most. */
export type Story = readonly [Remark, ...Remark[]];

const severity: readonly Tone[] = ['bad', 'warning', 'neutral', 'good'];

/** As in the alerts and on the dashboard: which pool serves, whether the standby could take over, and what is wrong. */
export function storyOf(look: Look, nowMs = Date.now()): Story {
  const { control, fault } = look;
  const remarks = [
    ...watcherRemarks(look),
    ...certificateRemarks(look.watcher?.certificates ?? [], nowMs),
    ...serviceRemarks(look),
    ...releaseRemarks(look),
  ];
  if (control === undefined) {
    return [{ tone: 'bad', text: `The edge cannot be reached: ${whyUnreachable(fault)}` }, ...sorted(remarks)];
  }
  const { active } = control.edge;
  remarks.push(...operationRemarks(look, otherPool(active)));
  const { current, old } = incidentRemarks(look.watcher, nowMs);
  const [first, ...others] = sorted([...trafficRemarks(control.edge, look), ...current]);
  return [first ?? { tone: 'good', text: normalText(active, look) }, ...sorted([...others, ...old, ...remarks])];
}

/** On one line. Docker's own message begins on the second line of the fault. */
export function whyUnreachable(fault: CommandError | undefined): string {
  const [first = 'it does not answer', second = ''] = fault?.message.split('\n') ?? [];
  return first.endsWith(':') ? `${first} ${second}` : first;
}

/** Where traffic goes, unless that is the normal case. */
function trafficRemarks(edge: EdgeStatus, look: Look): Remark[] {
  const { active, serving, maintenance, down } = edge;
  if (maintenance) return [{ tone: 'neutral', text: 'Maintenance: visitors see the maintenance page' }];
  if (down.blue && down.green)
    return [{ tone: 'warning', text: `Both pools fail their health checks; ${active} is tried first` }];
  if (active !== serving)
    return [{ tone: 'warning', text: `Failed over: ${serving} serves, ${active} is active but down` }];
  const standby = otherPool(active);
  const { healthy, health } = look.pools.find(({ pool }) => pool === standby) ?? { healthy: true, health: '' };
  if (healthy && !down[standby]) return [];
  if (look.deploy?.alive && !look.deploy.switched)
    return [{ tone: 'neutral', text: `${active} is active and serves; ${standby} is being deployed to` }];
  const why = healthy ? 'marked down' : health;
  return [{ tone: 'warning', text: `${active} is active and serves, but has no standby: ${standby}, ${why}` }];
}

const incidents: { readonly [kind: string]: Remark } = {
  outage: { tone: 'bad', text: 'Outage: no pool can serve requests' },
  'both-pools-unhealthy': { tone: 'warning', text: 'Both pools fail their health checks; no request shows an outage' },
  'burn-rate': { tone: 'bad', text: 'Visitors see errors: the error budget burns too fast' },
  'error-rate': { tone: 'warning', text: 'High upstream error rate' },
  flapping: { tone: 'warning', text: 'Flapping: the active pool goes up and down' },
  failover: { tone: 'warning', text: 'Failover' },
  'standby-down': { tone: 'warning', text: 'Standby down' },
  'certificate-expiring': { tone: 'warning', text: 'A certificate runs out' },
  'certificate-renewal-failed': { tone: 'warning', text: 'A certificate cannot be renewed' },
  overload: { tone: 'warning', text: 'The machine is overloaded: both pools answer their health checks late' },
};

/** How a kind of incident is described, and how grave it is. */
export function incidentWords(kind: string): Remark {
  return (Object.hasOwn(incidents, kind) ? incidents[kind] : undefined) ?? { tone: 'warning', text: kind };
}

/**
 * Open incidents of the watcher, alerted or not. Without visitors, a failover stays open until a request shows that it has
 * ended; it is then listed as old.
 */
function incidentRemarks(
  watcher: Health | undefined,
  nowMs: number,
): { current: readonly Remark[]; old: readonly Remark[] } {
  const open = watcher?.openIncidents ?? [];
  // The certificates themselves say more.
  const all = open
    .filter(({ kind }) => !kind.startsWith('certificate-'))
    .map(({ kind, incident, since }) => {
      const { tone, text } = incidentWords(kind);
      const what =
        kind === 'failover' && watcher?.serving ? `${text}: ${watcher.serving} answered the last request` : text;
      const remark = { tone, text: `${what} (incident ${incident}, since ${utcTime(Date.parse(since)).slice(11)})` };
      return { kind, remark };
    });
  const lastMs = watcher?.log.lastLine ? Date.parse(watcher.log.lastLine) : 0;
  const isOld = isIdle(lastMs, nowMs);
  const [old = [], current = []] = [true, false].map((wanted) =>
    all.filter(({ kind }) => (isOld && kind === 'failover') === wanted).map(({ remark }) => remark),
  );
  return { current, old };
}

function operationRemarks({ control, deploy }: Look, standby: Pool): Remark[] {
  const { canaryPercent = 0, muted } = control ?? {};
  const remarks: Remark[] = [];
  if (canaryPercent > 0)
    remarks.push({ tone: 'neutral', text: `Canary: ${canaryPercent}% of the visitors → ${standby}` });
  if (muted !== undefined)
    remarks.push({ tone: 'warning', text: `Alerts are muted until ${utcTime(muted.untilMs)} by ${muted.actor}` });
  if (deploy?.alive) remarks.push({ tone: 'neutral', text: `${capital(holderText(deploy))} is in progress` });
  else if (deploy !== undefined) {
    const consequence = deploy.switched
      ? 'traffic had already been switched'
      : `the release on ${standby} is unknown: deploy again`;
    remarks.push({ tone: 'warning', text: `${capital(holderText(deploy))} was interrupted; ${consequence}` });
  }
  return remarks;
}

function watcherRemarks({ watcher, isForeign }: Look): Remark[] {
  if (watcher === undefined) {
    const fault = isForeign
      ? "Something other than the watcher answers on the watcher's port"
      : 'The watcher does not answer';
    return [{ tone: 'bad', text: `${fault}: no alert would be sent` }];
  }
  const remarks: Remark[] = watcher.channels
    .filter(({ state }) => state !== 'open')
    .map(({ name, queued, lastError }) => ({
      tone: 'warning',
      text: `Alerts are not delivered to ${name} (${lastError ?? 'no answer'}); ${queued} waiting`,
    }));
  if (watcher.log.state === 'failing')
    remarks.push({ tone: 'bad', text: `The watcher cannot read the access log (${watcher.log.fault ?? 'unknown'})` });
  if (watcher.checkpoint.state === 'failing')
    remarks.push({ tone: 'warning', text: 'The watcher cannot write its checkpoint' });
  if (watcher.maintenance)
    remarks.push({ tone: 'warning', text: 'Failover alerts are held back: MAINTENANCE_MODE is on' });
  return remarks;
}

function serviceRemarks({ control, services }: Look): Remark[] {
  const gate = services.find(({ name }) => name === 'edge_gate');
  return services
    .filter((service) => !isHealthy(service))
    .map(({ name, state, detail }) => {
      const how = state === 'running' ? 'unhealthy' : state;
      // Only the gate can have answered.
      const standsIn = name === 'nginx_proxy' && state !== 'running' && control !== undefined && gate !== undefined;
      const more = standsIn ? '; edge_gate serves in its place; ./bluegreen up starts it again' : '';
      return { tone: 'warning', text: `${name} is ${how}${detail && ` (${detail})`}${more}` };
    });
}

/** After a replacement or a change of the env file, an app may not run the planned release yet. */
function releaseRemarks({ pools }: Look): Remark[] {
  return pools
    .filter(({ reported, planned }) => reported !== undefined && reported !== planned)
    .map(({ pool, reported, planned }) => ({
      tone: 'warning',
      text: `${pool} runs ${reported} but should run ${planned}`,
    }));
}

function normalText(active: Pool, { pools }: Look): string {
  const release = pools.find(({ pool }) => pool === active)?.release;
  return `${active} is active and serves ${release ?? ''}; ${otherPool(active)} stands by`.replace(
    'serves ;',
    'serves;',
  );
}

function sorted(remarks: readonly Remark[]): Remark[] {
  return remarks.toSorted((one, other) => severity.indexOf(one.tone) - severity.indexOf(other.tone));
}
