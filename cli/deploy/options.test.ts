import { describe, expect, it } from 'vitest';
import { deployOptions, type RawDeployOptions } from './options.ts';

const raw: RawDeployOptions = { smoke: [], smokePath: [], bake: '30s', maxErrorRate: '1%', switch: true, yes: false };

describe("a deploy's options", () => {
  it.each([
    ['registry.example:5000/app:1.4.2', '1.4.2'],
    ['app:v7', 'v7'],
    [`app:2.0@sha256:${'a'.repeat(64)}`, '2.0'],
  ])('take the release from the tag of %s', (image, release) => {
    expect(deployOptions({ ...raw, image }).release).toBe(release);
  });

  it.each([undefined, 'app', 'app:latest', 'registry.example:5000/app', `app@sha256:${'a'.repeat(64)}`])(
    'name the release after the time if the image has no useful tag: %s',
    (image) => {
      expect(deployOptions({ ...raw, image }).release).toMatch(/^\d{8}-\d{6}$/);
    },
  );

  it('are converted to numbers and milliseconds', () => {
    const options = { ...raw, release: 'r1', bake: '2m', maxErrorRate: '0.5', canary: '5%, 25,50%', switch: false };
    expect(deployOptions(options)).toMatchObject({
      release: 'r1',
      bakeMs: 120_000,
      maxErrorPercent: 0.5,
      canarySteps: [5, 25, 50],
      switchOver: false,
    });
  });

  it.each([
    [{ release: 'a b' }, '--release: expected'],
    [{ release: '-x' }, '--release: expected'],
    [{ bake: '30' }, '--bake: expected a time such as'],
    [{ bake: '-1s' }, '--bake: expected a time such as'],
    [{ maxErrorRate: '101%' }, '--max-error-rate: expected a percentage'],
    [{ maxErrorRate: 'few' }, '--max-error-rate: expected a percentage'],
    [{ canary: '25%,5%' }, '--canary: expected rising shares'],
    [{ canary: '0%' }, '--canary: expected a whole percentage'],
    [{ canary: '5%,' }, '--canary: expected a whole percentage'],
    [{ smokePath: ['version'] }, '--smoke-path: expected a path that begins with /'],
  ] as const)('are refused by name: %j', (wrong, message) => {
    expect(() => deployOptions({ ...raw, ...wrong })).toThrow(message);
  });

  it.each([
    { smokePath: ['/'] },
    { smokePath: ['/a/b?c=d'] },
    { maxErrorRate: '100%' },
    { maxErrorRate: '10.125' },
    { canary: '1%' },
    { canary: '99' },
  ])('take %j', (right) => {
    expect(() => deployOptions({ ...raw, ...right })).not.toThrow();
  });

  it.each([
    { smokePath: ['/', '/a b'] },
    { smokePath: ['/a#b'] },
    { smokePath: ['http://host/'] },
    { maxErrorRate: '1.2345%' },
    { maxErrorRate: '1%%' },
    { maxErrorRate: '-1%' },
    { canary: '100%' },
    { canary: '-5%' },
    { canary: '5 %' },
  ])('refuse a wrong value as misuse: %j', (wrong) => {
    let error: unknown;
    try {
      deployOptions({ ...raw, ...wrong });
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ code: 'MISUSE' });
  });

  it('refuse a canary share that is not higher than the one before it', () => {
    expect(() => deployOptions({ ...raw, canary: '5%,5%' })).toThrow('--canary: expected rising shares');
    expect(() => deployOptions({ ...raw, canary: '5%,25%,25%' })).toThrow('--canary: expected rising shares');
  });
});
