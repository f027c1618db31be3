import type { Muted } from '../../journal/muted.ts';
import type { Health } from '../../report/health.ts';
import type { Holder } from '../deploy/lock.ts';
import type { EdgeStatus } from '../edge/control-state.ts';
import { type HistoryEntry, historyOf } from '../edge/history.ts';
import type { PoolStatus } from '../edge/pool-status.ts';
import type { Engine, Service } from '../engine/engine.ts';
import { edgeAddress, edgeUrl, type Stack } from '../stack/stack.ts';
import type { Look } from './look.ts';
import { type Story, storyOf } from './story.ts';

/** The output of `status --json`. Fields are added, never changed. */
export interface Report {
  readonly engine: string;
  readonly url: string;
  /** The address at which the edge is reached from this machine, even if the name in the URL leads elsewhere. */
  readonly address: string;
  /** The state of the stack, worst first. */
  readonly story: Story;
  /** Undefined, with everything that depends on it, if the edge cannot be reached. */
  readonly edge: EdgeStatus | undefined;
  readonly canaryPercent: number | undefined;
  readonly muted: Muted | undefined;
  readonly pools: readonly PoolStatus[];
  readonly services: readonly Service[];
  readonly watcher: Health | undefined;
  /** A deploy that is running or was interrupted. */
  readonly deploy: (Holder & { readonly alive: boolean }) | undefined;
  /** The last operation. */
  readonly last: HistoryEntry | undefined;
  /** The last operations, oldest first. */
  readonly lastFew: readonly HistoryEntry[];
  /** The link that shows a browser the standby. A secret. */
  readonly previewLink: string | undefined;
}

const fewEntries = 3;

export function reportOf(stack: Stack, engine: Engine, look: Look): Report {
  const { control, pools, services, watcher, deploy } = look;
  const done = historyOf(control?.journal ?? []);
  return {
    engine: engine.name,
    url: edgeUrl(stack),
    address: edgeAddress(stack.settings),
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
