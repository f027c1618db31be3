import { type Declaration, groups, type SettingName, variables } from '../variables.ts';
import { generator } from './marked.ts';

/** `docs/settings.md`: every setting, by group. */
export function settingsPage(): string {
  const sections = groups.map(({ title, settings }) => {
    const rows = Object.entries(settings).map(([name, setting]) => [...row(name, setting), setting.expected]);
    return `\n## ${title}\n\n${table(['variable', 'default', '', 'value'], rows)}`;
  });
  return `<!-- Generated from settings/variables.ts by "${generator}"; do not edit. -->

# Settings

All settings are optional. Set them in \`.env\` in the project directory; [.env.example](../.env.example) is a template. A
variable in the environment overrides the one in \`.env\`. \`./bluegreen up\` applies changes, and restarts only the services
that they concern. Invalid values are reported by name before anything starts.

A second stack on one machine needs another \`STACK_PREFIX\`, other ports and, on Compose, another \`SUBNET_PREFIX\`. On the
host engine, each stack also listens on loopback on the two ports after its \`WATCHER_PORT\` (or the next ones, if other
settings of the stack use these): the first is for the internal status of the edge, the second for the prober.

\`./bluegreen doctor\` says which ports are open to whom.

## Secrets

\`SLACK_WEBHOOK_URL\`, \`ALERT_WEBHOOKS\`, \`ALERT_WEBHOOK_SECRET\` and \`PREVIEW_TOKEN\` can be in a file each, which the variable of that
name with \`_FILE\` names. White space at the end of the file is ignored. On Compose, secrets from \`.env\` are in the environment of
their container, where \`docker inspect\` shows them; those in files are not. The account in the container must be able to read the
file (\`chmod 644\`, in a directory that only you can enter). After a change of its content, restart the service that reads it:
\`docker compose restart alert_watcher\`, or \`nginx_proxy\` for the preview token.

## Visitors over IPv6

On Compose, Docker accepts them on the public port and passes them on over IPv4: in the log and for the app they all have the address
of Docker's bridge. The stack's networks have no IPv6, because engines before Docker 27 cannot make such a network without a subnet of
your own, and machines without IPv6 have nothing to make it from. Where the addresses of visitors matter, put a proxy with IPv6 in front, or set \`NGINX_BIND=0.0.0.0\` and publish no AAAA record. On the host engine,
\`NGINX_BIND=[::]\` listens on IPv6 instead of IPv4.
${sections.join('')}`;
}

/** The settings that most installations change. */
const common = [
  'BLUE_IMAGE',
  'GREEN_IMAGE',
  'RELEASE_ID_BLUE',
  'RELEASE_ID_GREEN',
  'PORT',
  'HEALTH_PATH',
  'NGINX_PORT',
  'SLACK_WEBHOOK_URL',
  'PROXY_READ_TIMEOUT',
  'CLIENT_MAX_BODY_SIZE',
] as const satisfies readonly SettingName[];

/** For the README. */
export function commonSettings(): string {
  const rows = common.map((name) => row(name, variables[name]));
  return table(['variable', 'default', ''], rows);
}

function row(name: string, { default: value, about }: Declaration): string[] {
  return [`\`${name}\``, value === undefined ? '' : `\`${value}\``, about];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
  return `${line(head)}${line(head.map(() => '---'))}${rows.map(line).join('')}`;
}
