import { parse } from 'yaml';
import type { ServiceName } from '../services.ts';
import { containerVariablesOf } from '../variables.ts';
import { generator, type Marks, replaceMarked } from './marked.ts';

/** The services with a generated part in the Compose file. app_green merges the one of app_blue. */
const markedServices = ['nginx_proxy', 'app_blue', 'health_prober', 'alert_watcher'] as const;

/** The Compose file with every variable passed to the services that read it, except those that it sets by hand. */
export function composeWithEnvironment(file: string): string {
  return markedServices.reduce((text, service) => {
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
