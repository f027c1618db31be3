import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { captureOutput } from '../../test/captured-output.ts';
import { edgeIsGone, StandInSite } from '../../test/stand-in-site.ts';
import { servicesOf } from '../engine/engine.ts';
import { status } from './status.ts';

describe('status', () => {
  let site: StandInSite;
  let printed: ReturnType<typeof captureOutput>;

  beforeEach(async () => {
    site = await StandInSite.open();
    printed = captureOutput();
  });
  afterEach(() => {
    vi.restoreAllMocks();
    site.close();
  });

  it('succeeds if the edge answers', async () => {
    expect(await status(site.stack, site.engine, { json: true })).toBe(true);
    expect(JSON.parse(printed.text)).toMatchObject({ edge: { active: 'blue' }, canaryPercent: 0 });
  });

  it('prints everything else if the edge does not answer, and says that it does not', async () => {
    site.before = edgeIsGone;
    expect(await status(site.stack, site.engine, { json: false })).toBe(false);
    expect(printed.text).toMatch(/^The edge cannot be reached: the edge does not answer on its status port$/m);
    expect(printed.text).toMatch(/^green +unknown +v0 +healthy/m);
    expect(printed.text).toMatch(/^nginx_proxy +running/m);
  });

  it('gives scripts the same', async () => {
    site.before = edgeIsGone;
    expect(await status(site.stack, site.engine, { json: true })).toBe(false);
    const { edge, story, pools, services } = JSON.parse(printed.text);
    expect(edge).toBeUndefined();
    expect(story[0]).toMatchObject({ tone: 'bad' });
    expect(pools).toHaveLength(2);
    expect(services).toHaveLength(servicesOf('host', { DOMAINS: undefined }).length);
  });

  it('prints the certificates only if there are any, and gives them to scripts', async () => {
    await status(site.stack, site.engine, { json: false });
    expect(printed.text).not.toContain('CERTIFICATE');
    const notAfterMs = Date.now() + 36 * 86_400_000 + 60_000;
    const certificate = {
      domain: 'shop.example',
      source: 'acme',
      issuer: "O=Let's Encrypt",
      notAfterMs,
      state: 'ok',
      failures: 0,
      error: null,
      nextAttemptMs: null,
    } as const;
    site.health = { ...site.health, certificates: [certificate] };
    await status(site.stack, site.engine, { json: false });
    expect(printed.text).toMatch(
      /^CERTIFICATE +VALID\nshop\.example +until \d{4}-\d\d-\d\d \(36 days\) +renewed by Let's Encrypt$/m,
    );
    const before = printed.text.length;
    await status(site.stack, site.engine, { json: true });
    expect(JSON.parse(printed.text.slice(before)).watcher.certificates).toEqual([certificate]);
  });

  it.each(['[]', '"ok"', '{"status":"ok"}', '<html>'])(
    'reports that something else answers at the watcher’s port: %s',
    async (body) => {
      site.watcherSays = body;
      await status(site.stack, site.engine, { json: false });
      expect(printed.text).toMatch(
        /^Something other than the watcher answers on the watcher's port: no alert would be sent$/m,
      );
    },
  );
});
