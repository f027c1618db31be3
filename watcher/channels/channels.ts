import type { Config } from '../config.ts';
import type { Notifier } from '../delivery/notifier.ts';
import { discordContract, discordUrl } from './discord.ts';
import { HttpNotifier } from './http-notifier.ts';
import { mattermostContract } from './mattermost.ts';
import { slackContract } from './slack.ts';
import { webhookContract } from './webhook.ts';

type ChannelsConfig = Pick<
  Config,
  'channels' | 'webhookSecret' | 'proxies' | 'identifier' | 'runbookUrl' | 'dashboardUrl'
>;

/** All configured channels, each with a unique name. */
export function channelsOf(config: ChannelsConfig): readonly Notifier[] {
  const { channels, proxies, webhookSecret } = config;
  return channels.map(({ name, kind, url }) => {
    const options = { name, proxies };
    switch (kind) {
      case 'slack':
        return new HttpNotifier({ ...options, url, contract: slackContract(config) });
      case 'mattermost':
        return new HttpNotifier({ ...options, url, contract: mattermostContract(config) });
      case 'discord':
        return new HttpNotifier({ ...options, url: discordUrl(url), contract: discordContract(config) });
      case 'webhook':
        return new HttpNotifier({ ...options, url, contract: webhookContract(config, webhookSecret) });
      default:
        return kind satisfies never;
    }
  });
}
