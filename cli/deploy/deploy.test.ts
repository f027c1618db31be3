import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { edgeIsGone, StandInSite } from '../../test/stand-in-site.ts';
import type { CommandError } from '../terminal/command-error.ts';
import { Interrupted } from '../terminal/interruption.ts';
import { deployRelease } from './deploy.ts';
import type { RawDeployOptions } from './options.ts';

describe('a deploy', () => {
  let site: StandInSite;

  beforeEach(async () => {
    site = await StandInSite.open();
  });
  afterEach(() => site.close());

  const failure = async (options: Partial<RawDeployOptions>, signal?: AbortSignal): Promise<CommandError> =>
    deployRelease(await site.deploy(options, signal)).then(
      (words) => expect.unreachable(words),
      (error) => error,
    );
  const addHook = (name: string, script: string) => {
    const path = join(site.stack.root, name);
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
  };
  const ends = () => site.records.filter(({ kind }) => kind === 'deploy-failed' || kind === 'deploy-finished');

  it('that fails puts the old release back and reports it', async () => {
    const error = await failure({ smoke: ['echo no price; exit 3'] });
    expect(error.message).toMatch(
      /^deploy of v2 failed at smoke: .* exited with code 3:\nno price\nBlue \(v1\) serves; green is back on v0$/,
    );
    expect(site.replaced).toEqual(['green', 'green']);
    expect(site.planned.RELEASE_ID_GREEN).toBe('v0');
    expect(ends()).toMatchObject([{ kind: 'deploy-failed', step: 'smoke', restored: 'v0' }]);
  });

  it('does not start if something other than the watcher answers at its port', async () => {
    site.watcherSays = '<html>';
    await expect(site.deploy()).rejects.toThrow(
      'alert_watcher does not answer, so the new release could not be monitored',
    );
  });

  it('leaves the pool alone once an operator has made it active', async () => {
    site.before = (verb) => {
      if (verb === 'canary') site.active = 'green';
    };
    const error = await failure({ canary: '5%', bake: '60s' });
    expect(error.message).toMatch(/green was made active by hand\nGreen \(v2\) is active now and was left as it is$/);
    expect(site.replaced).toEqual(['green']);
    expect(site.running.green).toBe('v2');
    expect(site.planned.RELEASE_ID_GREEN).toBe('v2');
    expect(ends()).toEqual([expect.not.objectContaining({ restored: expect.anything() })]);
    expect(ends()).toMatchObject([{ rolledBack: false, noWayBack: 'green was left as it is' }]);
  });

  it('that fails while the old release is active needs no way back', async () => {
    await failure({ smoke: ['exit 3'] });
    expect(ends()).toEqual([expect.not.objectContaining({ noWayBack: expect.anything() })]);
  });

  it('shows the log of a release that fails a gate, before the old one is put back', async () => {
    const shown: string[] = [];
    site.engine.lastLines = async (service) => {
      shown.push(`${service} ${site.running.green}`);
      return '';
    };
    await failure({ smoke: ['exit 3'] });
    expect(shown).toEqual(['app_green v2']);
    addHook('pre-switch', 'exit 3');
    await failure({});
    expect(shown).toHaveLength(1);
  });

  it('that the pre-switch hook refuses sends no visitor to the release', async () => {
    addHook('pre-switch', 'exit 3');
    const verbs: string[] = [];
    site.before = (verb) => verbs.push(verb);
    const error = await failure({ canary: '5%', bake: '60s' });
    expect(error.message).toMatch(/^deploy of v2 failed at pre-switch hook: pre-switch hook exited with code 3\n/);
    expect(verbs).not.toContain('canary');
    expect(verbs).not.toContain('switch');
    expect(ends()).toMatchObject([{ kind: 'deploy-failed', step: 'pre-switch hook', restored: 'v0', wasUsed: false }]);
  });

  it('that only gets a release ready runs no pre-switch hook', async () => {
    addHook('pre-switch', 'exit 3');
    expect(await deployRelease(await site.deploy({ switch: false }))).toMatch(/^v2 is ready on green/);
  });

  it('that is interrupted before the switch puts the old release back, and says so', async () => {
    const ctrlC = new AbortController();
    site.before = (verb) => {
      if (verb === 'canary') ctrlC.abort(new Interrupted());
    };
    const error = await failure({ canary: '5%', bake: '60s' }, ctrlC.signal);
    expect(error.message).toBe('deploy of v2 failed at canary 5%: interrupted\nBlue (v1) serves; green is back on v0');
    expect(ends()).toMatchObject([{ kind: 'deploy-failed', why: 'interrupted', restored: 'v0' }]);
    expect(site.canaryPercent).toBe(0);
  });

  it.each(['switch', 'bake'])(
    'that is interrupted during its %s, after which it is active, leaves it active',
    async (when) => {
      const ctrlC = new AbortController();
      const steps: string[] = [];
      site.before = (verb) => {
        if (verb === when) ctrlC.abort(new Interrupted());
      };
      site.reached = (step) => {
        steps.push(step);
        if (step === 'bake') ctrlC.abort(new Interrupted());
      };
      const error = await failure({ bake: '60s' }, ctrlC.signal);
      expect(error.message).toMatch(/^v2 is active on green.*, but its bake was interrupted$/);
      expect(steps.includes('bake')).toBe(when === 'bake');
      expect(ends()).toEqual([expect.objectContaining({ kind: 'deploy-finished', switched: true })]);
      expect(ends()).toEqual([expect.not.objectContaining({ bake: expect.anything() })]);
      expect(site.active).toBe('green');
    },
  );

  it('leaves the standby alone if the edge does not confirm that it is the standby', async () => {
    site.before = (verb) => {
      if (verb !== 'canary') return;
      site.before = (next) => (next === 'status' || next === 'canary' ? edgeIsGone() : undefined);
      site.lossy = 'green';
    };
    const error = await failure({ canary: '5%', bake: '60s' });
    expect(error.message).toContain('deploy of v2 failed at canary 5%: 50 of 100 requests failed');
    expect(error.message).toContain('green was left on v2');
    expect(site.replaced).toEqual(['green']);
    expect(ends()).toMatchObject([{ kind: 'deploy-failed', step: 'canary 5%' }]);
  });

  it('puts the old release back and reports why, even if the canary cannot be ended', async () => {
    site.before = (verb, share) => {
      if (verb !== 'canary') return;
      if (share === 'off') edgeIsGone();
      site.lossy = 'green';
    };
    const error = await failure({ canary: '5%', bake: '60s' });
    expect(error.message).toMatch(/canary 5%: 50 of 100 requests .*\nBlue \(v1\) serves; green is back on v0$/);
    expect(ends()).toMatchObject([{ kind: 'deploy-failed', restored: 'v0' }]);
  });

  it('reports why it failed, even if that cannot be recorded', async () => {
    site.before = (verb, record = '') => {
      if (verb === 'record' && record.includes('deploy-failed')) edgeIsGone();
    };
    expect((await failure({ smoke: ['exit 3'] })).message).toMatch(/^deploy of v2 failed at smoke: /);
  });

  it('reports that a release is ready, or active, even if that cannot be recorded', async () => {
    site.before = (verb, record = '') => {
      if (verb === 'record' && record.includes('deploy-finished')) edgeIsGone();
    };
    expect(await deployRelease(await site.deploy({ switch: false }))).toMatch(/^v2 is ready on green/);
    expect(await deployRelease(await site.deploy())).toMatch(/^v2 is active on green/);
  });

  it('that is overtaken by a manual switch during its bake has an end in the journal', async () => {
    site.reached = (step) => {
      if (step === 'bake') site.switchByHand();
    };
    const error = await failure({ bake: '60s' });
    expect(error.message).toBe('blue was made active by hand during the bake of v2');
    expect(ends()).toMatchObject([{ kind: 'deploy-failed', step: 'bake', rolledBack: true }]);
    expect(site.replaced).toEqual(['green']);
  });

  it('that cannot roll back reports it, in the journal too', async () => {
    site.before = (verb, to) => {
      if (verb !== 'switch') return;
      if (to === 'blue') edgeIsGone();
      site.lossy = 'green';
    };
    const error = await failure({ bake: '60s' });
    expect(error.message).toMatch(
      /^v2 failed its bake on green: 50 of 100 .*\nNot rolled back: the edge does not answer/,
    );
    expect(ends()).toMatchObject([{ kind: 'deploy-failed', step: 'bake', rolledBack: false }]);
    expect(site.active).toBe('green');
  });

  it('does not switch to a pool that the prober has flagged as down since its check, and puts the old release back', async () => {
    site.reached = (step) => {
      if (step !== 'switch') return;
      site.down.green = true;
      site.before = () => {
        site.before = () => {
          site.down.green = false;
        };
      };
    };
    const error = await failure({});
    expect(error.message).toMatch(
      /^deploy of v2 failed at switch: green is no longer healthy \(marked down by its health checks\)/,
    );
    expect(site.active).toBe('blue');
    expect(site.running.green).toBe('v0');
  });

  it('trusts the flag if the edge was not seen to follow a switch, and reports no time for the switch', async () => {
    site.before = (verb) => {
      if (verb !== 'switch') return;
      site.active = 'green';
      edgeIsGone();
    };
    expect(await deployRelease(await site.deploy())).toBe('v2 is active on green; ./bluegreen rollback returns to v1');
    expect(site.running.green).toBe('v2');
  });

  it('reports an edge that stops answering during the bake, in the journal too', async () => {
    site.reached = (step) => {
      if (step !== 'bake') return;
      // Makes the bake ask the edge.
      site.active = 'blue';
      site.before = (verb) => (verb === 'status' ? edgeIsGone() : undefined);
    };
    const error = await failure({ bake: '60s' });
    expect(error.message).toBe(
      'v2 is active on green, but could not be monitored: the edge does not answer on its status port',
    );
    expect(ends()).toMatchObject([{ kind: 'deploy-failed', step: 'bake', rolledBack: false }]);
  });
});
