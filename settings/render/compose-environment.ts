import { parse } from 'yaml';
import type { ServiceName } from '../services.ts';
import { containerVariablesOf } from '../variables.ts';
import { generator, type Marks, replaceMarked } from './marked.ts';

/** The services with a generated part in each Compose file. app_green merges the one of app_blue. */
const markedServices = {
  'docker-compose.yml': ['nginx_proxy', 'app_blue', 'health_prober', 'alert_watcher'],
  'certificates/https.yml': ['certificates'],
} as const satisfies Readonly<Record<string, readonly ServiceName[]>>;

export type MarkedFile = keyof typeof markedServices;

export const markedFiles = Object.keys(markedServices) as readonly MarkedFile[];

/** A Compose file with every variable passed to the services that read it, except those that it sets by hand. */
export function composeWithEnvironment(path: MarkedFile, file: string): string {
  const services: readonly ServiceName[] = markedServices[path];
  return services.reduce((text, service) => {
    const marks: Marks = {
      begin: `      # Settings of ${service}, from settings/variables.ts by "${generator}":`,
      end: `      # End of the settings of ${service}.`,
    };
    const own = environmentInCompose(replaceMarked(text, marks, ''), service);
    const passed = containerVariablesOf(service).filter((name) => !(name in own));
    return replaceMarked(text, marks, passed.map((name) => `      ${name}: \${${name}:-}\n`).join(''));
  }, file);
}

/** The environment of a service in a Compose file. */
export function environmentInCompose(file: string, service: ServiceName): Readonly<Record<string, string>> {
  const { services } = parse(file, { merge: true }) as {
    readonly services: Readonly<Record<string, { readonly environment?: Readonly<Record<string, string>> }>>;
  };
  return services[service]?.environment ?? {};
}
