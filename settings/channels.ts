export const channelKinds = ['slack', 'mattermost', 'discord', 'webhook'] as const;

export type ChannelKind = (typeof channelKinds)[number];

export interface ChannelAddress {
  readonly kind: ChannelKind;
  /** A secret. */
  readonly url: string;
}

/** Parses `kind=url` entries. Faults name an entry by its position, because its text is secret. */
export function parseChannels(list: string): { readonly channels: ChannelAddress[]; readonly faults: string[] } {
  const channels: ChannelAddress[] = [];
  const faults: string[] = [];
  const places = new Map<string, number>();
  const entries = list.split(/[\s,]+/).filter((entry) => entry !== '');
  for (const [index, entry] of entries.entries()) {
    const place = index + 1;
    const kind = channelKinds.find((known) => entry.startsWith(`${known}=`));
    if (kind === undefined) {
      faults.push(`entry ${place} to begin with ${channelKinds.map((known) => `${known}=`).join(', ')}`);
      continue;
    }
    const url = entry.slice(kind.length + 1);
    const same = places.get(url);
    if (!isWebUrl(url)) faults.push(`entry ${place} (${kind}) to be an http:// or https:// URL`);
    else if (same !== undefined) faults.push(`entry ${place} (${kind}) to be another URL than entry ${same}`);
    else channels.push({ kind, url });
    places.set(url, same ?? place);
  }
  return { channels, faults };
}

export function isWebUrl(candidate: string): boolean {
  const url = URL.parse(candidate);
  return url !== null && (url.protocol === 'http:' || url.protocol === 'https:');
}
