import { duration } from '../../report/figures.ts';
import type { Health } from '../../report/health.ts';
import { otherPool, pools } from '../../settings/pool.ts';
import type { ControlState } from '../edge/control-state.ts';
import type { Service } from '../engine/engine.ts';
import type { Look } from '../status/look.ts';
import { incidentWords, whyUnreachable } from '../status/story.ts';
import type { CommandError } from '../terminal/command-error.ts';
import type { WatchEvent } from './event.ts';
import { recordEvent } from './record-event.ts';

type Words = Omit<WatchEvent, 'atMs'>;

/** A single missing answer may be due to a busy machine. */
const missesToReport = 2;

/** Events between one look at the stack and the next. A part that cannot be reached is compared once it answers again. */
export class Changes {
  #control: ControlState | undefined;
  #fault: CommandError | undefined;
  #watcher: Health | undefined;
  #services: readonly Service[] = [];
  #releases = new Map<string, string>();
  /** The last switch of the journal that has taken effect. */
  #effective: string | undefined;
  #isFirst = true;
  readonly #missed = { edge: 0, watcher: 0 };

  /** @returns oldest first; empty for the first look */
  next(look: Look, nowMs: number): readonly WatchEvent[] {
    const now = (words: readonly Words[]) => words.map((one) => ({ atMs: nowMs, ...one }));
    const events = [
      ...this.#edge(look, now),
      ...now(this.#serviceWords(look.services)),
      ...now(this.#releaseWords(look)),
      ...this.#watcherEvents(look, nowMs, now),
    ];
    this.#isFirst = false;
    return events.toSorted((one, other) => one.atMs - other.atMs);
  }

  #edge({ control, fault }: Look, now: (words: readonly Words[]) => WatchEvent[]): WatchEvent[] {
    if (control === undefined) {
      // The same error object: this look did not ask again.
      if (fault === this.#fault) return [];
      this.#fault = fault;
      return now(this.#missing('edge', whyUnreachable(fault)));
    }
    const before = this.#control;
    this.#control = control;
    const back = now(this.#found('edge'));
    const byHand = this.#byHand(before, control);
    if (before === undefined || before === control) return back;
    const known = new Set(before.journal.map(({ id }) => id));
    const records = control.journal.filter(({ id }) => !known.has(id));
    return [...back, ...records.map(recordEvent), ...now(byHand), ...now(flagWords(before, control))];
  }

  /** A switch is recorded before it takes effect. A change without a record was made by hand. */
  #byHand(before: ControlState | undefined, { edge: { active }, journal }: ControlState): Words[] {
    if (active === before?.edge.active) return [];
    const last = journal.findLast((record) => record.kind === 'switch');
    const isExplained = before === undefined || (last?.to === active && last.id !== this.#effective);
    this.#effective = last?.id;
    if (isExplained) return [];
    const text = `${otherPool(active)} → ${active}; the flag was changed by hand`;
    return [{ tone: 'warning', what: 'switch', text }];
  }

  #watcherEvents({ watcher }: Look, nowMs: number, now: (words: readonly Words[]) => WatchEvent[]): WatchEvent[] {
    if (watcher === undefined) return now(this.#missing('watcher', 'no alert would be sent'));
    const before = this.#watcher;
    this.#watcher = watcher;
    const back = now(this.#found('watcher'));
    if (before === undefined) return back;
    return [...back, ...incidentEvents(before, watcher, nowMs), ...now(alertWords(before, watcher))];
  }

  #serviceWords(services: readonly Service[]): Words[] {
    const before = this.#services;
    if (services.length > 0) this.#services = services;
    return services.flatMap((service) => {
      const was = before.find(({ name }) => name === service.name);
      return was === undefined ? [] : serviceWords(was, service);
    });
  }

  #releaseWords({ pools }: Look): Words[] {
    return pools.flatMap(({ pool, reported }) => {
      const before = this.#releases.get(pool);
      if (reported !== undefined) this.#releases.set(pool, reported);
      const isNew = before !== undefined && reported !== undefined && before !== reported;
      return isNew ? [{ tone: 'neutral', what: 'release', text: `${pool} now runs ${reported}` } as const] : [];
    });
  }

  #missing(part: 'edge' | 'watcher', why: string): Words[] {
    this.#missed[part]++;
    // The status printed at the start already includes what is missing from the first look.
    if (this.#isFirst) this.#missed[part] = missesToReport;
    if (this.#isFirst || this.#missed[part] !== missesToReport) return [];
    return [{ tone: 'bad', what: part, text: `cannot be reached${why && `: ${why}`}` }];
  }

  #found(part: 'edge' | 'watcher'): Words[] {
    const wasReported = this.#missed[part] >= missesToReport;
    this.#missed[part] = 0;
    return wasReported ? [{ tone: 'good', what: part, text: 'answers again' }] : [];
  }
}

/** Changes of the down flags. */
function flagWords(before: ControlState, after: ControlState): Words[] {
  const words: Words[] = [];
  for (const pool of pools) {
    const isDown = after.edge.down[pool];
    if (isDown === before.edge.down[pool]) continue;
    words.push(
      isDown
        ? { tone: 'warning', what: 'flag', text: `${pool} is marked down by its health checks` }
        : { tone: 'good', what: 'flag', text: `${pool} passes its health checks again` },
    );
  }
  return words;
}

function incidentEvents(before: Health, after: Health, nowMs: number): WatchEvent[] {
  const isIn = ({ openIncidents }: Health, incident: string) =>
    openIncidents.some((open) => open.incident === incident);
  const begun = after.openIncidents.filter(({ incident }) => !isIn(before, incident));
  const ended = before.openIncidents.filter(({ incident }) => !isIn(after, incident));
  return [
    ...begun.map(({ kind, incident, since }) => {
      const { tone, text } = incidentWords(kind);
      const what = kind === 'failover' ? failoverText(after) : text;
      return { atMs: Date.parse(since), tone, what: kind, text: `${what} (incident ${incident})` };
    }),
    ...ended.map(({ kind, incident, since }) => {
      const lasted = duration(nowMs - Date.parse(since));
      const what = kind === 'failover' ? 'recovery' : kind;
      return { atMs: nowMs, tone: 'good' as const, what, text: `resolved after ${lasted} (incident ${incident})` };
    }),
  ];
}

function failoverText({ active, serving }: Health): string {
  if (active === null || serving === null || active === serving)
    return 'the standby answers in place of the active pool';
  return `${active} → ${serving}: ${serving} answers in its place`;
}

/** Changes of the delivery of alerts. */
function alertWords(before: Health, after: Health): Words[] {
  const words: Words[] = [];
  const held = after.alertsHeldBack - before.alertsHeldBack;
  if (held > 0) words.push({ tone: 'neutral', what: 'alert', text: `${held} held back` });
  for (const { name, state, sent, dropped, lastError } of after.channels) {
    const was = before.channels.find((channel) => channel.name === name);
    if (was === undefined) continue;
    if (sent > was.sent) words.push({ tone: 'neutral', what: 'alert', text: `sent to ${name} (${sent - was.sent})` });
    if (dropped > was.dropped)
      words.push({
        tone: 'warning',
        what: 'alert',
        text: `${dropped - was.dropped} dropped: ${name} does not accept them`,
      });
    if (state !== was.state) {
      const fails = {
        tone: 'warning',
        what: 'alert',
        text: `${name} does not accept alerts: ${lastError ?? 'no answer'}`,
      } as const;
      words.push(state === 'open' ? { tone: 'good', what: 'alert', text: `${name} accepts alerts again` } : fails);
    }
  }
  return words;
}

function serviceWords(before: Service, after: Service): Words[] {
  const { name, state, detail } = after;
  const words = (tone: Words['tone'], text: string): Words[] => [{ tone, what: 'service', text: `${name} ${text}` }];
  if (state === before.state) {
    return state === 'running' && wasRestarted(before, after) ? words('neutral', `was restarted (${detail})`) : [];
  }
  return state === 'running'
    ? words('good', 'is running again')
    : words('warning', `is ${state}${detail && ` (${detail})`}`);
}

const unitSeconds: { readonly [unit: string]: number } = {
  second: 1,
  minute: 60,
  hour: 3_600,
  day: 86_400,
  week: 604_800,
  month: 2_592_000,
  year: 31_536_000,
};

/** Whether a running service was restarted in between. */
export function wasRestarted(before: Service, after: Service): boolean {
  const [was, is] = [pidOf(before), pidOf(after)];
  if (was !== undefined && is !== undefined) return was !== is;
  return upSeconds(after) < upSeconds(before);
}

/** The host engine reports the pid. */
function pidOf({ detail }: Service): string | undefined {
  return /^pid (\d+)/.exec(detail)?.[1];
}

/** Docker reports the uptime in words: "Up 3 minutes (healthy)", "Up About an hour", "Up Less than a second". */
function upSeconds({ detail }: Service): number {
  const [, count, unit = ''] =
    /^Up (\d+|About an?|Less than a) (second|minute|hour|day|week|month|year)/.exec(detail) ?? [];
  if (count === undefined || count.startsWith('Less')) return 0;
  return (count.startsWith('About') ? 1 : Number(count)) * (unitSeconds[unit] ?? 0);
}
