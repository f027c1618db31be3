import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from './condition.ts';
import { freePorts } from './free-port.ts';
import { root } from './stack.ts';

export interface MonitoringTargets {
  readonly watcher: number;
  readonly prober: number;
  /** The webhook that Alertmanager posts to. */
  readonly slackUrl: string;
}

/** An alert as Prometheus sends it to Alertmanager. */
export interface RaisedAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface QueryResult {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: readonly [number, string];
}

/** Real Prometheus and Alertmanager with the files of the monitoring profile, except for addresses and intervals. */
export class Monitoring {
  readonly #directory = mkdtempSync(join(tmpdir(), 'bluegreen-monitoring-'));
  readonly #processes: ChildProcess[] = [];
  #output = '';
  #url = '';
  #alertmanagerUrl = '';

  static async start(targets: MonitoringTargets): Promise<Monitoring> {
    const monitoring = new Monitoring();
    try {
      await monitoring.#start(targets);
    } catch (error) {
      await monitoring.close();
      throw new Error(`the monitoring does not start:\n${monitoring.#output}`, { cause: error });
    }
    return monitoring;
  }

  async #start({ watcher, prober, slackUrl }: MonitoringTargets): Promise<void> {
    const path = (name: string) => join(this.#directory, name);
    const [prometheus = 0, alertmanager = 0] = await freePorts(2);
    this.#url = `http://127.0.0.1:${prometheus}`;
    this.#alertmanagerUrl = `http://127.0.0.1:${alertmanager}`;
    cpSync(join(root, 'monitoring'), this.#directory, { recursive: true });
    for (const [name, port] of Object.entries({ watcher, prober, alertmanager })) {
      writeFileSync(path(`prometheus/targets/${name}.yml`), `- targets: ["127.0.0.1:${port}"]\n`);
    }
    writeFileSync(path('slack'), `${slackUrl}\n`);
    replaceIn(path('prometheus/prometheus.yml'), [
      ['scrape_interval: 15s\n  scrape_timeout: 10s', 'scrape_interval: 1s\n  scrape_timeout: 1s'],
      ['evaluation_interval: 15s', 'evaluation_interval: 1s'],
      ['localhost:9090', `127.0.0.1:${prometheus}`],
    ]);
    replaceIn(path('alertmanager/alertmanager.yml'), [
      ['/run/secrets/slack_webhook_url', path('slack')],
      ['group_wait: 10s', 'group_wait: 1s'],
      ['group_interval: 5m', 'group_interval: 1s'],
    ]);
    this.#run('prometheus-alertmanager', [
      `--config.file=${path('alertmanager/alertmanager.yml')}`,
      `--storage.path=${path('alertmanager-data')}`,
      `--web.listen-address=127.0.0.1:${alertmanager}`,
      '--cluster.listen-address=',
    ]);
    this.#run('prometheus', [
      `--config.file=${path('prometheus/prometheus.yml')}`,
      `--storage.tsdb.path=${path('prometheus-data')}`,
      `--web.listen-address=127.0.0.1:${prometheus}`,
    ]);
    const isReady = async (port: number) => (await fetch(`http://127.0.0.1:${port}/-/ready`)).ok;
    await eventually('Prometheus to be ready', () => isReady(prometheus));
    await eventually('Alertmanager to be ready', () => isReady(alertmanager));
  }

  #run(command: string, args: readonly string[]): void {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        this.#output += chunk;
      });
    }
    child.on('error', (error) => {
      this.#output += error.message;
    });
    this.#processes.push(child);
  }

  /** @throws with Prometheus' message if the query is invalid */
  async query(expression: string): Promise<readonly QueryResult[]> {
    const response = await fetch(`${this.#url}/api/v1/query`, {
      method: 'POST',
      body: new URLSearchParams({ query: expression }),
    });
    const { error, data } = (await response.json()) as { error?: string; data?: { result: QueryResult[] } };
    if (data === undefined) throw new Error(`${expression}: ${error}`);
    return data.result;
  }

  /** Sends firing alerts to Alertmanager, in place of Prometheus. */
  raise(...alerts: readonly RaisedAlert[]): Promise<void> {
    return this.#post(alerts.map((alert) => ({ ...alert, endsAt: new Date(Date.now() + 3_600_000) })));
  }

  /** Tells Alertmanager that the alerts are resolved. */
  end(...alerts: readonly RaisedAlert[]): Promise<void> {
    return this.#post(alerts.map((alert) => ({ ...alert, endsAt: new Date() })));
  }

  async #post(alerts: readonly object[]): Promise<void> {
    const response = await fetch(`${this.#alertmanagerUrl}/api/v2/alerts`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(alerts),
    });
    if (!response.ok) throw new Error(await response.text());
  }

  /** The output of Prometheus and Alertmanager so far. */
  get output(): string {
    return this.#output;
  }

  async close(): Promise<void> {
    for (const child of this.#processes) {
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

function replaceIn(path: string, pairs: readonly (readonly [string, string])[]): void {
  let text = readFileSync(path, 'utf8');
  for (const [from, to] of pairs) {
    if (!text.includes(from)) throw new Error(`${path} has no "${from}"`);
    text = text.replace(from, to);
  }
  writeFileSync(path, text);
}
