import type { Muted } from '../../journal/muted.ts';
import type { Health } from '../../report/health.ts';
import type { Holder } from '../deploy/lock.ts';
import type { EdgeStatus } from '../edge/control-state.ts';
import { type HistoryEntry, historyOf } from '../edge/history.ts';
import type { PoolStatus } from '../edge/pool-status.ts';
import type { Engine, Service } from '../engine/engine.ts';
import { edgeUrl, type Stack } from '../stack/stack.ts';
import type { Look } from './look.ts';
import { type Story, storyOf } from './story.ts';

/** What `status --json` prints; fields are added, never changed. */
export interface Report {
  readonly engine: string;
  readonly url: string;
  /** How things stand, the worst first. */
  readonly story: Story;
  /** Undefined, as what follows from it: the edge cannot be reached. */
  readonly edge: EdgeStatus | undefined;
  readonly canaryPercent: number | undefined;
  readonly muted: Muted | undefined;
  readonly pools: readonly PoolStatus[];
  readonly services: readonly Service[];
  readonly watcher: Health | undefined;
  /** A deploy that goes on, or was cut off. */
  readonly deploy: (Holder & { readonly alive: boolean }) | undefined;
  /** What was done last. */
  readonly last: HistoryEntry | undefined;
  /** The same and what was done before, oldest first. */
  readonly lastFew: readonly HistoryEntry[];
  /** What a browser opens to see the idle colour. A secret. */
  readonly previewLink: string | undefined;
}

const fewEntries = 3;

export function reportOf(stack: Stack, engine: Engine, look: Look): Report {
  const { control, pools, services, watcher, deploy } = look;
  const done = historyOf(control?.journal ?? []);
  return {
    engine: engine.name,
    url: edgeUrl(stack),
    story: storyOf(look),
    edge: control?.edge,
    canaryPercent: control?.canaryPercent,
    muted: control?.muted,
    pools,
    services,
    watcher,
    deploy,
    last: done.findLast(({ what }) => /^(deploy|switch|rollback)/.test(what)),
    lastFew: done.slice(-fewEntries),
    previewLink: previewLink(stack),
  };
}

function previewLink(stack: Stack): string | undefined {
  const token = stack.settings.PREVIEW_TOKEN;
  return token === undefined ? undefined : `${edgeUrl(stack)}/.bluegreen/preview?token=${token}`;
}
