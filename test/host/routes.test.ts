import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { request } from 'undici';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readJournal } from '../../journal/record.ts';
import { pools } from '../../settings/pool.ts';
import { eventually } from '../condition.ts';
import { type Edge, startEdge } from '../edge.ts';
import { withStatus } from '../stand-in-pool.ts';

const token = 'a-preview-token-of-32-letters_00';

describe('routes through the edge', () => {
  let edge: Edge;

  beforeAll(async () => {
    edge = await startEdge({ PREVIEW_TOKEN: token, TRUSTED_PROXIES: '127.0.0.1' });
  });

  afterAll(() => edge.close());

  afterEach(async () => {
    for (const pool of [edge.blue, edge.green]) pool.answer = undefined;
    await done(edge.verb('canary', 'off'));
    await done(edge.verb('maintenance', 'off'));
    await done(edge.verb('switch', 'blue'));
  });

  const ask = async (headers: Record<string, string> = {}, path = '/') => {
    const answer = await request(edge.url + path, { headers });
    const setCookie = answer.headers['set-cookie'];
    return {
      status: answer.statusCode,
      pool: answer.headers['x-app-pool'],
      cookies: setCookie === undefined ? [] : [setCookie].flat(),
      location: answer.headers.location,
      body: await answer.body.text(),
    };
  };
  const lastLine = async (count: number) => (await edge.logLines(count)).at(-1) ?? '';
  const lines = () => readFileSync(edge.accessLog, 'utf8').split('\n').length - 1;

  describe('a preview', () => {
    const preview = { 'X-Bluegreen-Preview': token };

    it('shows the standby, whichever pool that is, and is marked in the log', async () => {
      const before = lines();
      expect((await ask(preview)).pool).toBe('green');
      expect((await ask()).pool).toBe('blue');
      const [first = '', second = ''] = (await edge.logLines(before + 2)).slice(-2);
      expect(first).toMatch(/^pool=green release=\S+ active=blue route=preview /);
      expect(second).toMatch(/^pool=blue release=\S+ active=blue route=- /);
      await done(edge.verb('switch', 'green'));
      expect((await ask(preview)).pool).toBe('blue');
    });

    it.each([
      ['a wrong token', 'a-preview-token-of-32-letters_01'],
      ['no token', ''],
      ['a path', '../../../../etc/passwd/../../..'],
      ['a prefix of the token', token.slice(0, -1)],
      ['the token with a suffix', `${token}0`],
      ['the token in another case', token.toUpperCase()],
    ])('is not shown for %s', async (_what, wrong) => {
      expect((await ask({ 'X-Bluegreen-Preview': wrong })).pool).toBe('blue');
      expect((await ask({ Cookie: `bluegreen_preview=${wrong}` })).pool).toBe('blue');
    });

    it('shows an error of the standby as it is, and does not mark the standby as failed', async () => {
      edge.green.answer = withStatus(500);
      expect((await ask(preview)).status).toBe(500);
      edge.green.answer = (request) => request.socket.destroy();
      expect((await ask(preview)).status).toBe(502);
      edge.green.answer = undefined;
      expect((await ask(preview)).pool).toBe('green');
    });

    it('may be asked for as a visitor of HTTPS asks, unlike the site', async () => {
      const https = { 'X-Forwarded-Proto': 'https' };
      const site = await startEdge({ PREVIEW_TOKEN: token });
      try {
        for (const headers of [{ ...preview, ...https }, https]) {
          await (await request(site.url, { headers })).body.dump();
        }
        const proto = [site.green, site.blue].map(({ requests }) => requests.at(-1)?.headers['x-forwarded-proto']);
        expect(proto).toEqual(['https', 'http']);
      } finally {
        await site.close();
      }
    });

    it('of a killed deploy is removed by the next deploy', async () => {
      const [left, next] = ['smoke-that-was-left-behind', 'smoke-of-the-next-deploy'];
      for (const one of [left, next]) await done(edge.verb('preview', 'add', one));
      expect((await ask({ 'X-Bluegreen-Preview': left })).pool).toBe('blue');
      expect((await ask({ 'X-Bluegreen-Preview': next })).pool).toBe('green');
      await done(edge.verb('preview', 'remove', next));
      expect((await ask(preview)).pool).toBe('green');
    });

    it('goes through maintenance', async () => {
      await done(edge.verb('maintenance', 'on'));
      expect((await ask()).status).toBe(503);
      expect((await ask({}, '/healthz')).status).toBe(503);
      expect((await ask({}, '/.bluegreen/healthz')).status).toBe(200);
      expect((await ask(preview)).pool).toBe('green');
    });

    it.each([
      [`bluegreen_preview=${token}`, undefined],
      [`bluegreen_preview=${token}; a=1`, 'a=1'],
      [`a=1; bluegreen_preview=${token}`, 'a=1'],
      [`a=1; bluegreen_preview=${token}; b=2`, 'a=1; b=2'],
      [`a=1;bluegreen_preview=${token};b=2`, 'a=1;b=2'],
      [`bluegreen_preview=${token}; x=1; bluegreen_preview=${token}`, undefined],
      [`a=1;  Bluegreen_Preview=${token}`, 'a=1'],
      ['a=1; not_bluegreen_preview=x; b=2', 'a=1; not_bluegreen_preview=x; b=2'],
      ['a=1; b=2', 'a=1; b=2'],
    ])('hides the token from the app: %s', async (cookie, expected) => {
      const { pool } = await ask({ Cookie: cookie, ...preview });
      expect(pool).toBe('green');
      const seen = edge.green.requests.at(-1)?.headers;
      expect(seen?.cookie).toBe(expected);
      expect(JSON.stringify(seen)).not.toContain(token);
    });

    it('is turned on in a browser by one link, and off by another', async () => {
      const answer = await ask({}, `/.bluegreen/preview?token=${token}`);
      expect(answer).toMatchObject({ status: 302, location: '/' });
      expect(answer.cookies).toEqual([`bluegreen_preview=${token}; Path=/; HttpOnly; SameSite=Lax`]);
      expect((await ask({ Cookie: `bluegreen_preview=${token}` })).pool).toBe('green');
      const off = await ask({}, '/.bluegreen/preview/off');
      expect(off).toMatchObject({ status: 302, location: '/' });
      expect(off.cookies[0]).toMatch(/^bluegreen_preview=; Path=\/; Max-Age=0/);
      const wrong = await ask({}, '/.bluegreen/preview?token=a-preview-token-of-32-letters_01');
      expect(wrong).toMatchObject({ status: 404, cookies: [] });
      expect(await lastLine(1)).not.toContain(token);
    });

    it('can be opened for a temporary token, without a reload', async () => {
      const guest = 'just-for-this-smoke-test-0001';
      expect((await ask({ 'X-Bluegreen-Preview': guest })).pool).toBe('blue');
      await done(edge.verb('preview', 'add', guest));
      expect((await ask({ 'X-Bluegreen-Preview': guest })).pool).toBe('green');
      await done(edge.verb('preview', 'remove', guest));
      expect((await ask({ 'X-Bluegreen-Preview': guest })).pool).toBe('blue');
      expect((await edge.verb('preview', 'add', '../x')).exitCode).toBe(1);
    });
  });

  describe('a canary', () => {
    const visitor = (index: number) => ({ 'X-Forwarded-For': `10.0.${index >> 8}.${index & 255}` });
    const poolsOf = async (count: number) => {
      const pools: unknown[] = [];
      for (let index = 0; index < count; index++) pools.push((await ask(visitor(index))).pool);
      return pools;
    };

    it('sends its share of visitors to the standby, and the same ones each time', async () => {
      await done(edge.verb('canary', '20'));
      const first = await poolsOf(400);
      const share = first.filter((pool) => pool === 'green').length / 400;
      expect(share).toBeGreaterThan(0.12);
      expect(share).toBeLessThan(0.28);
      expect(await poolsOf(400)).toEqual(first);
    });

    it('keeps its visitors when it grows, and none when it ends', async () => {
      await done(edge.verb('canary', '10'));
      const small = await poolsOf(200);
      await done(edge.verb('canary', '50'));
      const large = await poolsOf(200);
      expect(large.filter((pool) => pool === 'green').length).toBeGreaterThan(60);
      for (const [index, pool] of small.entries()) if (pool === 'green') expect(large[index]).toBe('green');
      await done(edge.verb('canary', '10'));
      expect(await poolsOf(200)).toEqual(small);
      await done(edge.verb('canary', 'off'));
      expect(new Set(await poolsOf(200))).toEqual(new Set(['blue']));
    });

    it('recognizes a visitor by cookie when the address changes', async () => {
      await done(edge.verb('canary', '50'));
      for (let index = 0; index < 20; index++) {
        const { pool, cookies } = await ask(visitor(index));
        const cookie = /^bluegreen_bucket=\d\d(?=; Path=\/; Max-Age=2592000; HttpOnly; SameSite=Lax$)/.exec(
          cookies[0] ?? '',
        )?.[0];
        expect(cookie).toBeDefined();
        for (let other = 0; other < 5; other++) {
          const again = await ask({ ...visitor(1000 + other), Cookie: cookie ?? '' });
          expect(again).toMatchObject({ pool, cookies: [] });
        }
      }
    });

    it('is marked in the log, and answers from the active pool if the new release fails', async () => {
      await done(edge.verb('canary', '99'));
      edge.green.answer = withStatus(500);
      const before = lines();
      const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => ask(visitor(index))));
      expect(new Set(answers.map(({ status, pool }) => `${status} ${pool}`))).toEqual(new Set(['200 blue']));
      const logged = (await edge.logLines(before + 20)).slice(-20);
      expect(logged.filter((line) => line.includes('active=blue route=canary ')).length).toBeGreaterThan(15);
      edge.green.answer = undefined;
      // nginx avoids it for fail_timeout.
      await eventually('green to be tried again', async () => (await poolsOf(20)).includes('green'));
    });

    it('sends nobody to a pool that is down, and ends at once with a switch', async () => {
      await done(edge.verb('canary', '99'));
      writeFileSync(join(edge.controlDir, 'green.down'), '');
      expect(new Set(await poolsOf(50))).toEqual(new Set(['blue']));
      rmSync(join(edge.controlDir, 'green.down'));
      await done(edge.verb('switch', 'green'));
      expect(new Set(await poolsOf(50))).toEqual(new Set(['green']));
      await done(edge.verb('switch', 'blue'));
      expect(new Set(await poolsOf(50))).toEqual(new Set(['blue']));
      expect(readdirSync(edge.controlDir).filter((name) => name.startsWith('canary'))).toEqual([]);
    });

    it('continues if the active pool is made active again', async () => {
      await done(edge.verb('canary', '99'));
      await done(edge.verb('switch', 'blue'));
      expect(await poolsOf(20)).toContain('green');
    });

    it('that an interrupted switch has left behind has no effect', async () => {
      for (const name of ['canary.green', 'canary.green.00', 'canary.green.50']) {
        writeFileSync(join(edge.controlDir, name), '');
      }
      await done(edge.verb('switch', 'green'));
      expect(readdirSync(edge.controlDir).filter((name) => name.startsWith('canary'))).toEqual([]);
    });

    it.each(['0', '100', '5%', '-1', '', 'on'])('refuses a share of "%s"', async (share) => {
      const { exitCode, stderr } = await edge.verb('canary', share);
      expect(exitCode).toBe(1);
      expect(stderr).toContain('expected a whole percentage from 1 to 99, or off');
    });
  });

  describe('the journal', () => {
    const journal = async () => readJournal((await done(edge.verb('journal'))).stdout);

    it('has valid records of manual operations, and none of operations without effect', async () => {
      const before = (await journal()).records.length;
      for (const verb of [
        ['switch', 'green'],
        ['switch', 'green'],
        ['maintenance', 'on'],
        ['maintenance', 'on'],
        ['canary', '5'],
        ['mute', '60', 'somebody'],
        ['unmute'],
        ['unmute'],
      ]) {
        await done(edge.verb(...verb));
      }
      const { records, rejected } = await journal();
      expect(rejected).toBe(0);
      expect(records.slice(before)).toMatchObject([
        { kind: 'switch', from: 'blue', to: 'green', reason: 'switch', actor: 'entrypoint.sh' },
        { kind: 'maintenance', on: true },
        { kind: 'canary', percent: 5, pool: 'blue' },
        { kind: 'mute' },
        { kind: 'unmute' },
      ]);
    });

    it('accepts a record as given, and refuses anything but one object on one line', async () => {
      const record = { id: 'abc', atMs: 1, actor: "O'Hara $(id)", kind: 'unmute' };
      await done(edge.verb('record', JSON.stringify(record)));
      expect((await journal()).records.at(-1)).toEqual(record);
      expect((await edge.verb('record', '{"a":1}\n{"b":2}')).exitCode).toBe(1);
    });

    it('is truncated at its beginning', async () => {
      const path = join(edge.controlDir, 'journal.jsonl');
      writeFileSync(path, `${JSON.stringify({ id: 'x', filler: 'y'.repeat(1000) })}\n`.repeat(700));
      await done(edge.verb('switch', 'green'));
      const { records } = await journal();
      expect(records.at(-1)).toMatchObject({ kind: 'switch', to: 'green' });
      expect(readFileSync(path, 'utf8').split('\n').length).toBe(501);
    });

    it('is printed by "inspect" after the state of the edge', async () => {
      await done(edge.verb('canary', '7'));
      await done(edge.verb('mute', '60', 'somebody'));
      const [state = '', ...records] = (await done(edge.verb('inspect'))).stdout.split('\n');
      expect(JSON.parse(state)).toMatchObject({
        edge: { active: 'blue', maintenance: false, canary: true },
        canaryPercent: 7,
        muted: { actor: 'somebody' },
      });
      expect(readJournal(records.join('\n')).records.at(-1)).toMatchObject({ kind: 'mute' });
      await done(edge.verb('unmute'));
    });
  });

  it('counts the connections to a pool with a request in flight', async () => {
    const inflight = async (pool: string) => Number((await done(edge.verb('inflight', pool))).stdout);
    const quiet = () =>
      eventually('idle connections to be closed', async () => {
        const counts = await Promise.all(pools.map(inflight));
        return counts.every((count) => count === 0);
      });
    await quiet();
    const waiting: (() => void)[] = [];
    edge.blue.answer = (_request, response) => waiting.push(() => response.end());
    // A connection that is not the edge's.
    const [host = '', port] = edge.blue.address.split(':');
    const stranger = connect(Number(port), host);
    await once(stranger, 'connect');
    const asked = [ask(), ask(), ask()];
    await eventually('three requests to arrive', () => waiting.length === 3);
    expect(await inflight('blue')).toBe(3);
    expect(await inflight('green')).toBe(0);
    for (const answer of waiting) answer();
    await Promise.all(asked);
    await quiet();
    stranger.destroy();
  });
});

async function done<T extends { exitCode: number | undefined; stderr: string }>(verb: Promise<T>): Promise<T> {
  const outcome = await verb;
  expect(outcome.stderr).toBe('');
  expect(outcome.exitCode).toBe(0);
  return outcome;
}
