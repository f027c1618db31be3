import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { eventually } from '../condition.ts';
import { type FakeChannel, startFakeChannel } from '../fake-channel.ts';
import { type FakeSlack, type ReceivedMessage, startFakeSlack } from '../fake-slack.ts';
import { Monitoring, type RaisedAlert } from '../monitoring.ts';
import { Scrape } from '../scrape.ts';
import { createStack, expectDone, root, type TestStack } from '../stack.ts';

const files = (pattern: string) => globSync(join(root, 'monitoring', pattern));

describe('the files of the monitoring profile', () => {
  const promtool = (args: readonly string[], input = '') =>
    execa('promtool', args, { input, reject: false, all: true });

  it('are valid for Prometheus and Alertmanager', async () => {
    const config = await promtool(['check', 'config', ...files('prometheus/prometheus.yml')]);
    expect(config.exitCode, config.all).toBe(0);
    const alertmanager = await execa('amtool', ['check-config', ...files('alertmanager/*.yml')], { reject: false });
    expect(alertmanager.exitCode, alertmanager.stderr).toBe(0);
  });

  it('have rules that pass their tests', async () => {
    const tests = files('prometheus/rule-tests/*.yml');
    expect(tests.length).toBeGreaterThan(0);
    const { exitCode, all } = await promtool(['test', 'rules', ...tests]);
    expect(exitCode, all).toBe(0);
  });

  it('have a test for every alert', () => {
    const rules = readFileSync(join(root, 'monitoring/prometheus/rules/alerts.yml'), 'utf8');
    const tests = files('prometheus/rule-tests/*.yml').map((file) => readFileSync(file, 'utf8'));
    const alerts = [...rules.matchAll(/- alert: (\w+)/g)].map(([, name = '']) => name);
    expect(alerts.length).toBeGreaterThan(10);
    for (const alert of alerts) expect(tests.join('\n')).toContain(alert);
  });

  it('have titles without labels, which all alerts of a rule share', () => {
    const rules = readFileSync(join(root, 'monitoring/prometheus/rules/alerts.yml'), 'utf8');
    for (const [title] of rules.matchAll(/summary: .*/g)) expect(title).not.toContain('{{');
  });

  it('put Alertmanager and Grafana on a network that no app can reach', () => {
    const { services } = parse(readFileSync(join(root, 'monitoring/docker-compose.yml'), 'utf8'), { merge: true });
    expect(['prometheus', 'alertmanager', 'grafana'].map((name) => services[name].networks)).toEqual([
      ['watch', 'monitoring'],
      ['monitoring'],
      ['monitoring'],
    ]);
  });

  it('contain no webhook', () => {
    for (const file of files('**/*.{yml,json}')) expect(readFileSync(file, 'utf8')).not.toMatch(/hooks\.slack\.com/);
  });
});

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string }[];
  readonly panels?: readonly Panel[];
}

interface Dashboard {
  readonly panels: readonly Panel[];
  readonly annotations: { readonly list: readonly { readonly name: string; readonly expr: string }[] };
}

function dashboard(): Dashboard {
  const [file = ''] = files('grafana/dashboards/*.json');
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** The expression as Grafana sends it. */
function expanded(expression: string): string {
  return expression.replaceAll('$__rate_interval', '5m').replaceAll('$__range', '1h');
}

/** Every query of the dashboard's panels. */
function panelQueries(): readonly (readonly [title: string, expression: string])[] {
  const flat = dashboard().panels.flatMap((panel) => [panel, ...(panel.panels ?? [])]);
  return flat.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [title, expanded(expr)] as const));
}

/** The queries of the dashboard's annotations. */
function markQueries(): readonly string[] {
  return dashboard().annotations.list.map(({ expr }) => expanded(expr));
}

describe('the dashboard of Grafana', () => {
  it('has annotations that look back exactly one step', () => {
    for (const { name, expr } of dashboard().annotations.list) {
      expect(expr.match(/\[.*?\]/g), name).toEqual(['[$__rate_interval]']);
    }
  });

  it('has no overlapping panels', () => {
    const { panels } = dashboard();
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  });
});

describe('a stack with its monitoring', () => {
  let stack: TestStack;
  let slack: FakeSlack;
  let webhook: FakeChannel;
  let monitoring: Monitoring;

  beforeAll(async () => {
    // Without a rate limit: Alertmanager does not wait a second between messages.
    slack = await startFakeSlack({ unlimited: true });
    webhook = await startFakeChannel(() => ({ status: 204 }));
    const settings = {
      SLO_PERCENT: '99.9',
      ALERT_COOLDOWN_SEC: '0',
      ALERT_WEBHOOKS: `webhook=${webhook.url}`,
    };
    stack = await createStack('host', settings);
    expectDone(await stack.bluegreen('up'));
    const targets = { watcher: stack.ports.watcher, prober: stack.proberPort };
    monitoring = await Monitoring.start({ ...targets, slackUrl: slack.url });
    await eventually('both scrapes', async () => (await value('sum(up{job=~"bluegreen_.*"})')) === 2);
    expectDone(await stack.bluegreen('deploy', '--bake', '1s'));
    expectDone(await stack.bluegreen('switch', 'blue', '--force'));
    await ask(20);
    await eventually('the requests', async () => (await value('sum(bluegreen_requests_total)')) >= 20);
  });

  afterAll(async () => {
    await monitoring?.close();
    await stack?.remove();
    await Promise.all([slack?.close(), webhook?.close()]);
  });

  const value = async (expression: string) => Number((await monitoring.query(expression))[0]?.value?.[1]);
  const ask = async (times: number) => {
    const answers = await Promise.all(Array.from({ length: times }, () => stack.ask().catch(() => undefined)));
    return answers.map((answer) => answer?.status);
  };
  const scrape = async (port: number) => new Scrape(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text());

  it('is scraped completely', async () => {
    await eventually('blue again', async () => (await value('bluegreen_pool_active{pool="blue"}')) === 1);
    expect(await value('min(bluegreen_probe_pool_up)')).toBe(1);
  });

  it('exposes metrics without a complaint of `promtool check metrics`', async () => {
    for (const port of [stack.ports.watcher, stack.proberPort]) {
      const { text } = await scrape(port);
      const { exitCode, all } = await execa('promtool', ['check', 'metrics'], {
        input: text,
        reject: false,
        all: true,
      });
      expect([exitCode, all]).toEqual([0, '']);
    }
  });

  it('exposes every metric that the rules and the dashboard name', async () => {
    const scrapes = [await scrape(stack.ports.watcher), await scrape(stack.proberPort)];
    const exposed = new Set(scrapes.flatMap((one) => [...one.names(), ...one.metrics()]));
    const rules = files('prometheus/rules/*.yml').map((file) => readFileSync(file, 'utf8'));
    const queries = [...panelQueries().map(([, expression]) => expression), ...markQueries()];
    // Names of groups and jobs are not metrics.
    const expressions = [...rules, ...queries].join('\n').replaceAll(/- name: .*|"[^"]*"/g, '');
    const named = new Set(expressions.match(/(?<![\w:])(?:bluegreen|process|nodejs)_\w+(?![\w:])/g));
    expect(named.size).toBeGreaterThan(30);
    for (const name of named) expect(exposed, name).toContain(name);
    const recorded = new Set([...rules.join('\n').matchAll(/- record: (\S+)/g)].map(([, name]) => name));
    for (const [name] of expressions.matchAll(/[a-z_]+:[a-z_]+:[a-z0-9_]+/g)) expect(recorded, name).toContain(name);
  });

  it('has data for every panel of the dashboard', async () => {
    for (const [title, expression] of panelQueries()) {
      // This stack has no HTTPS.
      if (expression.includes('bluegreen_certificate_')) continue;
      await eventually(`${title}: ${expression}`, async () => (await monitoring.query(expression)).length > 0);
    }
  });

  it('has annotations for recent operations', async () => {
    const marked = new Set<string | undefined>();
    await eventually('a switch and a deploy', async () => {
      for (const expression of markQueries()) {
        for (const { metric } of await monitoring.query(expression)) marked.add(metric.kind ?? metric.pool);
      }
      return marked.has('green') && marked.has('deploy-finished');
    });
  });

  const textOf = ({ body }: ReceivedMessage) => {
    const [first] = (body.attachments ?? []) as readonly Readonly<Record<string, string>>[];
    return `${first?.color} ${first?.title} ${first?.text}`;
  };
  const all = () => slack.messages.map(textOf);
  const receives = (part: string) => slack.waitForMessage((message) => textOf(message).includes(part), 30_000);
  const alertOf = (alertname: string, severity: string, labels: RaisedAlert['labels'] = {}): RaisedAlert => ({
    labels: { alertname, severity, ...labels },
    annotations: { summary: alertname, description: `About ${alertname}.` },
  });
  /** Sends an alert and its end, which takes longer than any group waits. */
  const passTime = async (name: string) => {
    const alert = alertOf(name, 'ticket');
    await monitoring.raise(alert);
    await receives(`Firing: ${name}`);
    await monitoring.end(alert);
    await receives(`Resolved: ${name}`);
  };

  it('sends several alerts in one message, and then those still firing', async () => {
    const badPool = (pool: string): RaisedAlert => ({
      labels: { alertname: 'Several', severity: 'page', pool },
      annotations: { summary: `${pool} is bad`, description: `What is bad about ${pool}.` },
    });
    const [blue, green] = [badPool('blue'), badPool('green')];
    await monitoring.raise(blue, green);
    await receives('danger Firing: Several What is bad about blue.\nWhat is bad about green.\n');
    await monitoring.end(blue);
    await receives('danger Firing: Several What is bad about green.\n');
    await monitoring.end(green);
    expect(textOf(await receives('Resolved: green is bad'))).toMatch(
      /^good Resolved: green is bad From \d+ \w+ \d\d:\d\d to \d+ \w+ \d\d:\d\d UTC: What is bad about green\.\n$/,
    );
  });

  it('does not resolve an outage because the watcher is down', async () => {
    const outage = alertOf('BluegreenOutage', 'page', { by: 'test' });
    const gone = alertOf('BluegreenWatcherDown', 'page', { by: 'test' });
    await monitoring.raise(outage);
    await receives('Firing: BluegreenOutage');
    await monitoring.raise(gone);
    await receives('Firing: BluegreenWatcherDown');
    await monitoring.end(outage);
    await passTime('Later');
    expect(all().join('\n')).not.toContain('Resolved: BluegreenOutage');
    await monitoring.end(gone);
    await receives('Resolved: BluegreenWatcherDown');
  });

  it('holds back muted alerts, and sends those still firing afterwards', async () => {
    const muted = alertOf('BluegreenMuted', 'none');
    const failover = alertOf('BluegreenFailedOver', 'ticket', { by: 'test' });
    await monitoring.raise(muted);
    await monitoring.raise(failover);
    await passTime('Much later');
    expect(all().join('\n')).not.toMatch(/BluegreenFailedOver|BluegreenMuted/);
    await monitoring.end(muted);
    await receives('Firing: BluegreenFailedOver');
    await monitoring.end(failover);
    await receives('Resolved: BluegreenFailedOver');
    expect(all().join('\n')).not.toContain('BluegreenMuted');
  });

  it('connects an alert, a log line and a trace by their ids', async () => {
    const askAs = async (traceId: string) => {
      const headers = { traceparent: `00-${traceId}-00f067aa0ba902b7-01` };
      const answer = await fetch(`${stack.url}/version`, { headers });
      await answer.arrayBuffer();
      const header = (name: string) => answer.headers.get(name) ?? '';
      return { traceId, pool: header('x-app-pool'), requestId: header('x-request-id'), trace: header('traceresponse') };
    };
    const blue = async () => (await askAs('a'.repeat(32))).pool === 'blue';
    await eventually('blue', blue);
    expectDone(await stack.bluegreen('chaos', 'blue', 'error'));
    // The failover begins with the first request that the edge sends past blue.
    const asked: Awaited<ReturnType<typeof askAs>>[] = [];
    const alert = await eventually('the failover', async () => {
      asked.push(await askAs((0xb0 + asked.length).toString(16).padStart(32, '1')));
      return webhook.posts
        .map(({ content }) => JSON.parse(content))
        .find(
          ({ kind, alert }) => kind === 'failover' && asked.some((one) => one.requestId === alert.request?.requestId),
        );
    });
    const sent = asked.find((one) => one.requestId === alert.alert.request.requestId);
    if (sent === undefined) throw new Error('the alert names no request of the test');
    const { traceId, requestId, trace } = sent;
    expect(trace).toMatch(new RegExp(`^00-${traceId}-`));
    expect(alert.alert.request).toEqual({ requestId, traceId });
    const { stdout } = await stack.bluegreen('logs', 'access');
    const line = stdout.split('\n').find((each) => each.includes(` request_id=${requestId} trace_id=${traceId} `));
    expect(line).toMatch(/^pool=green .* active=blue /);
    expectDone(await stack.bluegreen('chaos', 'blue', 'stop'));
    await eventually('blue again', blue);
  });

  it('sends the alerts of a rule to Slack, and when they are resolved', async () => {
    for (const pool of ['blue', 'green']) expectDone(await stack.bluegreen('chaos', pool, 'reset'));
    await eventually('failed requests', async () => {
      await ask(10);
      return (await value('bluegreen_slo_requests_total{result="failed"}')) > 20;
    });
    await slack.waitForMessage(
      (message) => textOf(message).startsWith('danger Firing: The error budget burns'),
      30_000,
    );
    const outage = await slack.waitForMessage((message) => textOf(message).includes('Firing: No pool serves'), 30_000);
    expect(textOf(outage)).toContain('Neither blue nor green answers');
    for (const pool of ['blue', 'green']) expectDone(await stack.bluegreen('chaos', pool, 'stop'));
    await eventually('requests that are served', async () => (await ask(3)).every((status) => status === 200));
    await slack.waitForMessage((message) => textOf(message).startsWith('good Resolved: No pool serves'), 30_000);
    // The webhook is only in its file, never in the output.
    expect(monitoring.output).not.toContain(slack.secret);
  });
});
