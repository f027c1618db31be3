import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { planOf } from '../../cli/engine/host/plan.ts';
import { stateDirectory } from '../../cli/engine/host/state-directory.ts';
import type { Stack } from '../../cli/stack/stack.ts';
import { readSettings } from '../../settings/read.ts';
import { fileSecrets } from '../../settings/secret-files.ts';
import { serviceNames } from '../../settings/services.ts';
import { type SettingName, settingNames, variables, variablesOf } from '../../settings/variables.ts';
import { expectNone, foreignVariables, isSetting, root } from './advice.ts';

/** Values that are no defaults. Every variable accepts one of these, or is a choice of words. */
const samples = [
  '7',
  '77',
  '99.5',
  '61s',
  '7m',
  '/sample',
  '127.0.0.7',
  '10.7.7',
  'sample',
  'a-sample-of-16-chars',
  'sample.example',
  'ops@sample.example',
  'net.sample=7',
];
const urlSamples = ['https://sample.example/x', 'slack=https://sample.example/y'];

function sampleOf(name: SettingName): string {
  const { schema, default: value, expected } = variables[name];
  const candidates = [...samples, ...urlSamples, ...expected.split(' or ')];
  const sample = candidates.find((text) => text !== value && schema.safeParse(text).success);
  if (sample === undefined) throw new Error(`${name}: add a value that it accepts to "samples"`);
  return sample;
}

describe.each(serviceNames)('on the host engine, %s', (service) => {
  function planned() {
    const env: NodeJS.ProcessEnv = Object.fromEntries(settingNames.map((name) => [name, sampleOf(name)]));
    const ports = { NGINX_PORT: '7001', BLUE_PORT: '7002', GREEN_PORT: '7003', WATCHER_PORT: '7004' };
    // An absolute path, because a relative one is resolved; no commands, so that the demo app is planned.
    const names = [
      ...fileSecrets.map((name) => `${name}_FILE`),
      'ACME_CA_FILE',
      'TLS_CERTIFICATE_FILE',
      'TLS_KEY_FILE',
    ];
    const files = Object.fromEntries(names.map((name) => [name, '/sample']));
    Object.assign(env, ports, files, { BLUE_CMD: '', GREEN_CMD: '' });
    const stack: Stack = { root, envFile: undefined, env, shell: {}, settings: readSettings(env, settingNames) };
    const { services } = planOf(stack, stateDirectory(join(tmpdir(), 'bluegreen-plan')));
    return { env, passed: services.find(({ name }) => name === service)?.env ?? {} };
  }

  it('gets every setting that is for it, with the value of the user', () => {
    const { env, passed } = planned();
    // In containers, both apps listen on PORT. Here, each listens on its direct port.
    const expected: NodeJS.ProcessEnv = { ...env, PORT: service === 'app_blue' ? env.BLUE_PORT : env.GREEN_PORT };
    expectNone(
      variablesOf(service).filter((name) => isSetting(name) && passed[name] !== expected[name]),
      (name) => `${name} does not reach ${service} from planOf: got ${passed[name]}, expected ${expected[name]}`,
    );
  });

  it('gets every internal variable, and nothing that is not for it', () => {
    const names = Object.keys(planned().passed);
    const own = names.filter((name) => !foreignVariables.includes(name));
    expect(own.toSorted()).toEqual(variablesOf(service).toSorted());
  });
});
