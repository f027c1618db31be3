/** Settings of older versions, and what to write instead. In `.env`, they have no effect any more. */
export const formerSettings: Readonly<Record<string, string>> = {
  STATUS_PORT: 'remove it: the host engine derives this port from WATCHER_PORT',
  PROBER_PORT: 'remove it: the host engine derives this port from WATCHER_PORT',
  ...inMonitoring('PROMETHEUS', 'ALERTMANAGER', 'GRAFANA'),
};

function inMonitoring(...services: readonly string[]): Record<string, string> {
  const names = services.flatMap((service) => [`${service}_IMAGE`, `${service}_PORT`]);
  const instead = 'remove it, and change the service in docker-compose.override.yml; see docs/monitoring.md';
  return Object.fromEntries(names.map((name) => [name, instead]));
}
