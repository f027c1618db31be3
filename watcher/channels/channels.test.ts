import { afterEach, describe, expect, it } from 'vitest';
import { discordRules } from '../../test/discord-rules.ts';
import { type FakeChannel, type Rules, startFakeChannel } from '../../test/fake-channel.ts';
import { startFakeProxy } from '../../test/fake-proxy.ts';
import { startFakeSlack } from '../../test/fake-slack.ts';
import { mattermostRules, refusal } from '../../test/mattermost-rules.ts';
import { errorRate, failover } from '../../test/sample-alerts.ts';
import { webhookRules } from '../../test/webhook-rules.ts';
import type { Alert, DeployFailed, Recovery } from '../alerts/alert.ts';
import type { Message } from '../alerts/message.ts';
import { readConfig } from '../config.ts';
import type { Delivery, Form, Notifier } from '../delivery/notifier.ts';
import { outboxDefaults } from '../delivery/options.ts';
import { Outbox } from '../delivery/outbox.ts';
import { channelsOf } from './channels.ts';
import { signatureOf, webhookMessage } from './webhook.ts';

const secret = 'sixteen characters and more';
const rules: { readonly [kind: string]: Rules } = {
  mattermost: mattermostRules,
  discord: discordRules,
  webhook: webhookRules(secret),
};
const kinds = Object.keys(rules);

const base = { incident: '1123-1405-7', atMs: Date.UTC(2025, 10, 23, 14, 5, 9, 123) };
const recovery: Recovery = { ...base, kind: 'recovery', pool: 'blue', standby: 'green', lastedMs: 130_000, served: 42 };
const deployFailed: DeployFailed = {
  ...base,
  kind: 'deploy-failed',
  actor: 'ci',
  pool: 'green',
  release: 'v2',
  step: 'smoke',
  why: 'it answers 500',
  wasLive: false,
  tookMs: 9_000,
};

let fakes: { close(): Promise<void> }[] = [];
let outboxes: Outbox[] = [];

async function fakeOf(kind: string): Promise<FakeChannel> {
  const fake = await startFakeChannel(rules[kind] as Rules);
  fakes.push(fake);
  return fake;
}

function channels(list: string, env: NodeJS.ProcessEnv = {}): readonly Notifier[] {
  return channelsOf(readConfig({ ALERT_WEBHOOKS: list, ALERT_WEBHOOK_SECRET: secret, ...env }));
}

function channel(list: string, env: NodeJS.ProcessEnv = {}): Notifier {
  return channels(list, env)[0] as Notifier;
}

function deliver(notifier: Notifier, message: Message, form: Form = 'full'): Promise<Delivery> {
  return notifier.deliver(message, form, AbortSignal.timeout(5_000));
}

function outboxFor(notifier: Notifier): Outbox {
  const outbox = new Outbox(notifier, { ...outboxDefaults, backoffMs: 10, probeMs: 50, onFailure: () => undefined });
  outboxes.push(outbox);
  return outbox;
}

afterEach(async () => {
  await Promise.all(outboxes.map((outbox) => outbox.flush(0)));
  await Promise.all(fakes.map((fake) => fake.close()));
  fakes = [];
  outboxes = [];
});

describe.each(kinds)('a %s channel', (kind) => {
  it('accepts every form of a message, which is complete', async () => {
    const fake = await fakeOf(kind);
    const notifier = channel(`${kind}=${fake.url}`, {
      ALERT_IDENTIFIER: 'shop',
      RUNBOOK_URL: 'https://wiki.example/run(1)',
      DASHBOARD_URL: 'https://ops.example/shop_(eu)',
    });
    const message: Message = { alert: failover, end: recovery, late: { forMs: 720_000 }, dropped: 3 };
    for (const form of ['full', 'plain'] as const) {
      expect(await deliver(notifier, message, form)).toMatchObject({ outcome: 'delivered' });
    }
    for (const post of fake.accepted) {
      const text = JSON.stringify(post).replaceAll('\\', '');
      for (const words of ['Failover and recovery: blue → green for 2 min 10 s', '[shop', base.incident]) {
        expect(text).toContain(words);
      }
      expect(text).toContain('3 older alerts could not be delivered and were dropped');
      expect(text).toContain('sent 12 min late');
    }
    const whole = JSON.stringify(fake.accepted[0]);
    expect(whole).toMatch(/https:\/\/wiki\.example\/run(\(1\)|%281%29)#failover/);
    expect(whole).toMatch(/https:\/\/ops\.example\/shop_(\(eu\)|%28eu%29)/);
  });

  it('accepts texts of any length and content', async () => {
    const fake = await fakeOf(kind);
    const notifier = channel(`${kind}=${fake.url}`);
    for (const piece of ['`', '<', '@everyone ', '\ud800', '\u0000', '|', '\\', '*_~', '\n# ', '😀']) {
      const long = piece.repeat(20_000);
      const worstPaths = Array.from({ length: 30 }, (_, index) => ({ path: `${index}${long}`, failed: 1 }));
      const alerts: Alert[] = [
        { ...failover, cause: long, release: long, upstream: long },
        { ...errorRate, worstPaths },
        { ...deployFailed, actor: long, release: long, step: long, why: long, restored: long },
      ];
      for (const alert of alerts) {
        for (const form of ['full', 'plain'] as const) {
          expect(await deliver(notifier, { alert }, form)).toMatchObject({ outcome: 'delivered' });
        }
      }
    }
  });

  it('is retried, refused or closed by its answers, and no result contains its URL', async () => {
    const fake = await fakeOf(kind);
    const notifier = channel(`${kind}=${fake.url}`);
    const leak = `${fake.url} ${secret}`;
    const outcomes: [status: number, outcome: Delivery['outcome']][] = [
      [400, 'refused'],
      [413, 'refused'],
      [401, 'closed'],
      [403, 'closed'],
      [404, 'closed'],
      [410, 'closed'],
      [302, 'closed'],
      [501, 'closed'],
      [408, 'again'],
      [429, 'again'],
      [500, 'again'],
      [503, 'again'],
    ];
    for (const [status, outcome] of outcomes) {
      fake.answerNext({
        status,
        body: JSON.stringify({ message: leak, id: leak, code: leak }),
        headers: { location: leak },
      });
      const delivery = await deliver(notifier, { alert: failover });
      expect([status, delivery.outcome]).toEqual([status, outcome]);
      expect(JSON.stringify(delivery)).not.toContain(secret);
      expect(JSON.stringify(delivery)).not.toContain(fake.secret);
    }
    fake.answerNext({ status: 429, headers: { 'retry-after': '7' } });
    expect(await deliver(notifier, { alert: failover })).toMatchObject({ afterMs: 7_000 });
    expect(fake.posts.length).toBe(outcomes.length + 1);
  });
});

describe('a moment', () => {
  const untilMs = base.atMs + 1_800_000;
  it.each([
    ['discord', `<t:${Math.floor(untilMs / 1_000)}:f>`],
    ['mattermost', '2025-11-23 14:35:09 UTC'],
    ['webhook', 'Until: 2025-11-23 14:35:09 UTC'],
  ])("is shown in the reader's time zone if %s supports that, else in UTC", async (kind, shown) => {
    const fake = await fakeOf(kind);
    const muted: Alert = { ...base, kind: 'muted', actor: 'alice', untilMs, ongoing: [] };
    await deliver(channel(`${kind}=${fake.url}`), { alert: muted });
    expect(JSON.stringify(fake.accepted[0])).toContain(shown);
  });
});

describe.each(['mattermost', 'discord'])('text from a client, in %s', (kind) => {
  it.each([
    '/@channel @here @everyone @all',
    '/<!channel><@U123><!subteam^S1>',
    '/`*bold*`<@123>`_it_~~no~~',
    '/[click](https://evil.example)',
    '/<https://evil.example|click>',
    '/\n# heading\n> quote\n- list\n@here',
  ])('is shown as it is: %j', async (path) => {
    const fake = await fakeOf(kind);
    const notifier = channel(`${kind}=${fake.url}`, { ALERT_IDENTIFIER: path.replaceAll('\n', ' ') });
    for (const alert of [
      { ...failover, cause: path, release: path },
      { ...errorRate, worstPaths: [{ path, failed: 1 }] },
    ]) {
      for (const form of ['full', 'plain'] as const) await deliver(notifier, { alert }, form);
    }
    expect(fake.accepted).toHaveLength(4);
    for (const post of fake.accepted) {
      const { content = '', text = '', embeds = [], attachments = [] } = post;
      const quoted = [...embeds, ...attachments].flatMap(({ fields }) => fields).map(({ value }) => value);
      for (const shown of [content, text, ...quoted]) {
        expect(shown).not.toMatch(/@\w|<[@!#h]/);
        // Outside quotations, nothing formats or links.
        expect(shown.replaceAll(/`[^`\n]*`/g, '').replace(/^\*\*(.*)\*\*/, '$1')).not.toMatch(/(?<!\\)[`*~[\]#]/);
      }
      if (kind === 'discord') expect(post.allowed_mentions).toEqual({ parse: [] });
    }
  });
});

describe.each(['mattermost', 'discord'])('text from an app, in %s', (kind) => {
  it.each(['see https://evil.example/x', 'see ftp://evil.example', 'see www.evil.example', 'see WWW.evil.example'])(
    'never becomes a link: %s',
    async (why) => {
      const fake = await fakeOf(kind);
      const notifier = channel(`${kind}=${fake.url}`);
      for (const form of ['full', 'plain'] as const) await deliver(notifier, { alert: { ...deployFailed, why } }, form);
      expect(fake.accepted).toHaveLength(2);
      expect(JSON.stringify(fake.accepted)).toContain('evil.example');
      expect(JSON.stringify(fake.accepted)).not.toMatch(/:\/\/|www\./i);
    },
  );
});

describe('Mattermost', () => {
  it('is closed after its webhook was deleted, which it reports with a 400', async () => {
    const fake = await fakeOf('mattermost');
    fake.answerNext(refusal('invalid'), refusal('parse'));
    const notifier = channel(`mattermost=${fake.url}`);
    expect(await deliver(notifier, { alert: failover })).toEqual({
      outcome: 'closed',
      reason: 'HTTP 400 (web.incoming_webhook.invalid.app_error)',
    });
    expect(await deliver(notifier, { alert: failover })).toMatchObject({ outcome: 'refused' });
  });
});

describe('Discord', () => {
  it('is asked to confirm, and posts to the thread that the URL names', async () => {
    const fake = await fakeOf('discord');
    await deliver(channel(`discord=${fake.url}?thread_id=7`), { alert: failover });
    expect(fake.posts[0]?.url.search).toBe('?thread_id=7&wait=true');
  });

  it('says in its answers when it accepts the next message', async () => {
    const fake = await fakeOf('discord');
    const notifier = channel(`discord=${fake.url}`);
    fake.answerNext(
      { status: 204, headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset-after': '1.5' } },
      { status: 204, headers: { 'x-ratelimit-remaining': '4', 'x-ratelimit-reset-after': '1.5' } },
      { status: 429, body: '{"message": "You are being rate limited.", "retry_after": 2.25, "global": false}' },
    );
    expect(await deliver(notifier, { alert: failover })).toEqual({ outcome: 'delivered', afterMs: 1_500 });
    expect(await deliver(notifier, { alert: failover })).toEqual({ outcome: 'delivered' });
    expect(await deliver(notifier, { alert: failover })).toEqual({
      outcome: 'again',
      reason: 'HTTP 429',
      afterMs: 2_250,
    });
  });
});

describe('a webhook of your own', () => {
  it('gets the whole alert as JSON', async () => {
    const fake = await fakeOf('webhook');
    await deliver(channel(`webhook=${fake.url}`, { ALERT_IDENTIFIER: 'shop' }), { alert: failover, end: recovery });
    expect(fake.accepted).toEqual([
      {
        version: 1,
        id: '1123-1405-7/failover+recovery',
        kind: 'failover',
        incident: '1123-1405-7',
        at: '2025-11-23T14:05:09.123Z',
        identifier: 'shop',
        text: expect.stringContaining('Failover and recovery: blue → green for 2 min 10 s [shop].'),
        runbook: null,
        dashboard: null,
        alert: failover,
        end: recovery,
      },
    ]);
  });

  it('is signed with the secret, and not signed without one', async () => {
    const fake = await fakeOf('webhook');
    expect(await deliver(channel(`webhook=${fake.url}`), { alert: failover })).toEqual({ outcome: 'delivered' });
    const other = { ALERT_WEBHOOK_SECRET: 'another secret, as long' };
    expect(await deliver(channel(`webhook=${fake.url}`, other), { alert: failover })).toMatchObject({
      outcome: 'closed',
    });
    await deliver(channel(`webhook=${fake.url}`, { ALERT_WEBHOOK_SECRET: '' }), { alert: failover });
    expect(fake.posts[2]?.headers).not.toHaveProperty('x-bluegreen-signature');
    // printf '1763906709.{}' | openssl dgst -sha256 -hmac 'sixteen characters and more'
    expect(signatureOf('{}', secret, 1_763_906_709_999)).toBe(
      't=1763906709,v1=3c62150d631275c46f4b306574d1f826d95c1a4d174d571e6dc5a93686c4d739',
    );
  });
});

describe('several channels', () => {
  it('use the configured proxy', async () => {
    const proxy = await startFakeProxy();
    fakes.push(proxy);
    const fake = await fakeOf('webhook');
    await deliver(channel(`webhook=${fake.url}`, { HTTP_PROXY: proxy.url }), { alert: failover });
    expect(proxy.seen.map(({ line }) => line)).toEqual([`POST ${fake.url}`]);
    expect(fake.accepted).toHaveLength(1);
  });

  it('have stable names', () => {
    const list = 'discord=http://a/1, slack=http://a/2\nslack=http://a/3 discord=http://a/4,webhook=http://a/5';
    const names = channels(list, { SLACK_WEBHOOK_URL: 'http://a/0' }).map(({ name }) => name);
    expect(names).toEqual(['slack', 'discord', 'slack-2', 'slack-3', 'discord-2', 'webhook']);
  });

  it('do not delay each other', async () => {
    const slack = await startFakeSlack({ unlimited: true });
    fakes.push(slack);
    slack.answer('hang');
    const broken = await fakeOf('discord');
    broken.answerNext(...Array.from({ length: 50 }, () => ({ status: 404 })));
    const healthy = await fakeOf('webhook');
    const list = `slack=${slack.url} discord=${broken.url} webhook=${healthy.url}`;
    const all = channels(list).map(outboxFor);
    for (const outbox of all) {
      outbox.push(failover);
      outbox.push(errorRate);
    }
    await healthy.waitFor(() => healthy.accepted.length === 2);
    await broken.waitFor(() => broken.posts.length > 0);
    await expect
      .poll(() => all.map(({ name, health }) => [name, health.state, health.queued]))
      .toEqual([
        ['slack', 'open', 2],
        ['discord', 'closed', 2],
        ['webhook', 'open', 0],
      ]);
  });
});

describe('the id of a webhook post', () => {
  it('distinguishes all alerts of one incident', () => {
    const operation = { actor: 'ci', deploy: 'd-7' } as const;
    const switched = { ...base, kind: 'switch', from: 'blue', to: 'green' } as const;
    const muted = { ...base, kind: 'muted', actor: 'alice', ongoing: [] } as const;
    const alerts: Alert[] = [
      { ...switched, operation: { ...operation, reason: 'deploy' } },
      { ...switched, from: 'green', to: 'blue', operation: { ...operation, reason: 'bake' } },
      { ...muted, untilMs: 1 },
      { ...muted, untilMs: 2 },
      deployFailed,
    ];
    expect(new Set(alerts.map((alert) => webhookMessage({ alert }, {}, 'full').id)).size).toBe(alerts.length);
  });
});
