import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { captureOutput } from '../../test/captured-output.ts';
import { health, slack } from '../../test/looks.ts';
import { StandInSite } from '../../test/stand-in-site.ts';
import { testAlerts } from './alerts.ts';

const ops = { ...slack, name: 'webhook ops' };

describe('alerts test', () => {
  let site: StandInSite;
  let printed: ReturnType<typeof captureOutput>;

  beforeEach(async () => {
    site = await StandInSite.open();
    site.health = { ...health, channels: [slack, ops] };
    printed = captureOutput();
  });
  afterEach(() => {
    vi.restoreAllMocks();
    site.close();
  });

  /** The watcher sends the test alert, with these delivery states. */
  const answer = (...states: readonly ('waiting' | 'sent' | 'failed')[]) => {
    site.before = (verb, record = '') => {
      if (verb !== 'record') return;
      const delivery = states.map((state, at) => ({ channel: at === 0 ? 'slack' : 'webhook ops', state }));
      site.alerts = [{ incident: JSON.parse(record).test, delivery }];
    };
  };
  const test = (deadlineMs = 20_000) => testAlerts(site.stack, site.engine, deadlineMs);

  it('reports that each channel has it', async () => {
    answer('sent', 'sent');
    expect(await test()).toBe(true);
    expect(printed.text).toBe('slack: delivered\nwebhook ops: delivered\n');
    expect(site.records).toMatchObject([{ kind: 'alert-test', actor: 'alice' }]);
  });

  it('reports which channel refuses it, and its error', async () => {
    answer('sent', 'failed');
    site.health = { ...health, channels: [slack, { ...ops, lastError: 'HTTP 400' }] };
    expect(await test()).toBe(false);
    expect(printed.text).toBe('slack: delivered\nwebhook ops: not delivered (HTTP 400)\n');
  });

  it('does not wait for a closed channel, which takes nothing until an operator has fixed it', async () => {
    answer('waiting', 'sent');
    site.health = { ...health, channels: [{ ...slack, state: 'closed', lastError: 'HTTP 404' }, ops] };
    expect(await test()).toBe(false);
    expect(printed.text).toContain('slack: not delivered (HTTP 404)\n');
  });

  it('stops waiting after the deadline', async () => {
    answer('waiting', 'sent');
    expect(await test(100)).toBe(false);
    expect(printed.text).toContain('slack: not delivered yet\n');
  });

  it('reports that nothing is delivered if the watcher does not send it', async () => {
    expect(await test(100)).toBe(false);
    expect(printed.text).toBe('slack: not delivered yet\nwebhook ops: not delivered yet\n');
  });

  it('fails if no channel is configured', async () => {
    site.health = health;
    await expect(test()).rejects.toThrow('no channel is configured: alerts go only to the log of alert_watcher');
    expect(site.records).toEqual([]);
  });

  it('fails if the watcher does not answer', async () => {
    site.watcherSays = '<html>';
    await expect(test()).rejects.toThrow('alert_watcher does not answer');
  });
});
