import { describe, expect, it } from 'vitest';
import { healthQuestion, hintFor } from './question.ts';

const base = { check: 'http', path: '/healthz', host: undefined, proto: 'http', statuses: ['2xx'] } as const;

describe('the hint for a pool that is not healthy', () => {
  it.each([
    ['status 301', {}, 'HEALTH_PROTO=https or HEALTH_HOST or HEALTH_PATH'],
    ['status 308', { proto: 'https' }, 'set HEALTH_HOST or HEALTH_PATH'],
    ['status 302', { proto: 'https', host: 'a.example' }, 'set HEALTH_PATH so that'],
    ['status 400', {}, 'if the app checks the Host header, set HEALTH_HOST'],
    ['status 421', {}, 'HEALTH_HOST'],
    ['status 404', {}, 'HEALTH_STATUS=2xx,404'],
  ] as const)('names the settings that may help: %s with %j', (cause, settings, expected) => {
    expect(hintFor(healthQuestion({ ...base, ...settings }), cause)).toContain(expected);
  });

  it.each(['status 500', 'status 304', 'refused', 'timeout', undefined])('is missing for %s', (cause) => {
    expect(hintFor(healthQuestion(base), cause)).toBeUndefined();
  });

  it('does not repeat what is set already', () => {
    expect(hintFor(healthQuestion({ ...base, host: 'a.example' }), 'status 400')).toBeUndefined();
  });
});
