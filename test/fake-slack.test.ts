import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FakeSlack, startFakeSlack } from './fake-slack.ts';
import { faultOf } from './slack-rules.ts';

let slack: FakeSlack;

beforeEach(async () => {
  slack = await startFakeSlack({ burst: 1 });
});

afterEach(() => slack.close());

async function post(body: unknown, url = slack.url): Promise<string> {
  const content = typeof body === 'string' ? body : JSON.stringify(body);
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: content, redirect: 'manual' });
  return `${response.status} ${await response.text()}`;
}

describe('the fake Slack', () => {
  it('accepts a message and keeps it', async () => {
    const message = slack.waitForMessage(({ text }) => text === 'hello');
    expect(await post({ text: 'hello' })).toBe('200 ok');
    expect(await message).toMatchObject({ text: 'hello', body: { text: 'hello' } });
  });

  it('accepts one message a second after the burst', async () => {
    expect(await post({ text: '1' })).toBe('200 ok');
    expect(await post({ text: '2' })).toBe('200 ok');
    expect(await post({ text: '3' })).toBe('429 rate_limited');
  });

  it('accepts only a POST to the secret path', async () => {
    expect((await fetch(slack.url)).status).toBe(405);
    expect(await post({ text: 'x' }, `${slack.url}x`)).toBe('404 no_service');
  });

  it.each([
    ['400', '400 invalid_payload'],
    ['403', '403 action_prohibited'],
    ['404', '404 no_service'],
    ['410', '410 channel_is_archived'],
    ['500', '500 rollup_error'],
    ['redirect', '302 '],
  ] as const)('answers %s the requested number of times, then by the rules', async (behaviour, answer) => {
    slack.answer(behaviour, { times: 1 });
    expect(await post({ text: 'x' })).toBe(answer);
    expect(await post({ text: 'x' })).toBe('200 ok');
  });

  it('resets the connection or hangs on request', async () => {
    slack.answer('reset', { times: 1 });
    await expect(post({ text: 'x' })).rejects.toThrow();
    slack.answer('hang', { times: 1 });
    const hanging = post({ text: 'x' });
    await slack.waitFor(() => slack.requests === 2);
    await slack.close();
    await expect(hanging).rejects.toThrow();
    slack = await startFakeSlack();
  });

  it('gives up waiting at the deadline, and lists what has arrived', async () => {
    await post({ text: 'something else' });
    await expect(slack.waitForMessage(() => false, 20)).rejects.toThrow('something else');
  });

  it('runs as a program', async () => {
    const program = fileURLToPath(new URL('./fake-slack.ts', import.meta.url));
    const child = spawn(process.execPath, [program, '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [url] = (await once(child.stdout, 'data')) as [Buffer];
    const printed = once(child.stdout, 'data') as Promise<[Buffer]>;
    expect(await post({ text: 'from a program' }, url.toString().trim())).toBe('200 ok');
    const [line] = await printed;
    expect(JSON.parse(line.toString())).toMatchObject({ text: 'from a program' });
    child.kill();
    await once(child, 'close');
  });
});

describe("Slack's rules", () => {
  const section = (text: string) => ({ type: 'section', text: { type: 'mrkdwn', text } });
  const fields = (count: number, text = 'x') => ({
    type: 'section',
    fields: Array.from({ length: count }, () => ({ type: 'mrkdwn', text })),
  });
  const header = (text: string, type = 'plain_text') => ({ type: 'header', text: { type, text } });

  it.each([
    ['no text', {}, 'no_text'],
    ['an empty text', { text: '' }, 'no_text'],
    ['a text of another type', { text: 5 }, 'invalid_payload'],
    ['a list', [], 'invalid_payload'],
    ['a header of 151', { blocks: [header('x'.repeat(151))] }, 'invalid_blocks'],
    ['a header with formatting', { blocks: [header('x', 'mrkdwn')] }, 'invalid_blocks'],
    ['a section of 3,001', { blocks: [section('x'.repeat(3_001))] }, 'invalid_blocks'],
    ['an empty section', { blocks: [section('')] }, 'invalid_blocks'],
    ['a section without anything', { blocks: [{ type: 'section' }] }, 'invalid_blocks'],
    ['11 fields', { blocks: [fields(11)] }, 'invalid_blocks'],
    ['no fields', { blocks: [fields(0)] }, 'invalid_blocks'],
    ['a field of 2,001', { blocks: [fields(1, 'x'.repeat(2_001))] }, 'invalid_blocks'],
    ['an empty field', { attachments: [{ blocks: [fields(2, '')] }] }, 'invalid_blocks'],
    ['51 blocks', { blocks: Array.from({ length: 51 }, () => section('x')) }, 'invalid_blocks'],
    ['an unknown block', { blocks: [{ type: 'marquee' }] }, 'invalid_blocks'],
    ['attachments of another type', { attachments: 'x' }, 'invalid_attachments'],
  ])('refuse %s', (_, body, fault) => {
    expect(faultOf('application/json', JSON.stringify(body))).toBe(fault);
  });

  it('refuse a post that is not JSON by its type or its content', () => {
    expect(faultOf('text/plain', '{"text":"x"}')).toBe('invalid_payload');
    expect(faultOf('application/json', '{')).toBe('invalid_payload');
  });

  it('accept a message at the limits', () => {
    const blocks = [header('x'.repeat(150)), section('x'.repeat(3_000)), fields(10, 'x'.repeat(2_000))];
    expect(faultOf('application/json; charset=utf-8', JSON.stringify({ text: 'x', attachments: [{ blocks }] }))).toBe(
      undefined,
    );
  });
});
