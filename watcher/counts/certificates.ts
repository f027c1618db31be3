import type { Exposition } from '../../metrics/exposition.ts';
import { certificateStates } from '../../report/certificates.ts';
import type { WatchView } from '../rules/health.ts';

/** Metrics of the certificates; without HTTPS, there are none. */
export function exposeCertificates(exposition: Exposition, watch: WatchView): void {
  const all = () => watch.health().certificates ?? [];

  exposition.gauge(
    {
      name: 'bluegreen_certificate_expiry_timestamp_seconds',
      help: 'When the certificate of a domain runs out; a self-signed one is replaced before.',
      labels: ['domain', 'source'],
    },
    () => all().map(({ domain, source, notAfterMs }) => [[domain, source], notAfterMs / 1_000]),
  );
  exposition.gauge(
    {
      name: 'bluegreen_certificate_renewal_failures',
      help: 'Failed attempts in a row to get the certificate of a domain.',
      labels: ['domain'],
    },
    () => all().map(({ domain, failures }) => [[domain], failures]),
  );
  exposition.gauge(
    {
      name: 'bluegreen_certificate_state',
      help: '1 for the state of the certificate of a domain; basis of the alerts about certificates.',
      labels: ['domain', 'state'],
    },
    () =>
      all().flatMap(({ domain, state }) =>
        certificateStates.map((one) => [[domain, one], one === state ? 1 : 0] as const),
      ),
  );
}
