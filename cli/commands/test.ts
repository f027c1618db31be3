import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { execa } from 'execa';
import { type Suite, suites } from '../arguments.ts';
import { composeUnavailable } from '../engine/compose/engine.ts';
import {
  certificateTestTools,
  edgeTestTools,
  edgeTools,
  ensureInstalled,
  viewTestTools,
} from '../engine/host/tools.ts';
import type { Stack } from '../stack/stack.ts';
import { print, progress } from '../terminal/terminal.ts';

/** Most of these tests wait for child processes, so more workers would not help. */
const workers = { unit: 2, faults: 2 } as const;

/** Lanes run in parallel and take about the same time: the suites mostly wait, and share nothing. */
const lanes: readonly (readonly Suite[])[] = [
  ['host'],
  ['lint', 'types', 'shell', 'unit', 'faults', 'views'],
  ['compose'],
];

interface Count {
  readonly passed: number;
  /** Names of the failed tests. */
  readonly failed: readonly string[];
}

/** The part used of what vitest's JSON reporter writes. */
interface Report {
  readonly numPassedTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

/** Runs the named suites, or all that can run here. False if a test failed. */
export async function test({ root }: Stack, wanted: readonly Suite[]): Promise<boolean> {
  const noCompose = await composeUnavailable();
  const chosen = wanted.length > 0 ? wanted : suites.filter((suite) => suite !== 'compose' || noCompose === undefined);
  await ensureInstalled([
    ...edgeTools,
    ...edgeTestTools,
    'shellcheck',
    ...(chosen.includes('views') ? viewTestTools : []),
    ...(chosen.includes('host') ? certificateTestTools : []),
  ]);
  const counts: Count[] = [];
  const runInTurn = async (turn: readonly Suite[], live: boolean) => {
    for (const suite of turn) {
      progress(`test: ${suite}`);
      counts.push(await run(suite, root, live));
    }
  };
  // The output of the first lane is shown as it comes, that of the others when each suite has ended.
  const wantedLanes = lanes
    .map((lane) => lane.filter((suite) => chosen.includes(suite)))
    .filter((lane) => lane.length > 0);
  await Promise.all(wantedLanes.map((lane, index) => runInTurn(lane, index === 0)));
  const passed = counts.reduce((sum, count) => sum + count.passed, 0);
  const failed = counts.flatMap((count) => count.failed);
  if (wanted.length === 0 && !chosen.includes('compose'))
    progress(`the compose suite was not run${noCompose ? `: ${noCompose}` : ''}`);
  for (const name of failed) print(`failed: ${name}`);
  print(`${passed} passed, ${failed.length} failed`);
  return failed.length === 0;
}

/** @param live show the output as it comes, instead of at the end */
function run(suite: Suite, root: string, live: boolean): Promise<Count> {
  switch (suite) {
    case 'lint':
      return oneCheck(root, 'biome', ['check', '--error-on-warnings', '.']);
    case 'types':
      return types(root);
    case 'shell':
      return oneCheck(root, 'shellcheck', shellFiles(root));
    case 'unit':
    case 'faults':
      return vitest(root, [suite], live, [`--maxWorkers=${workers[suite]}`]);
    case 'views':
    case 'host':
    case 'compose':
      return vitest(root, [suite], live);
    default:
      return suite satisfies never;
  }
}

function shellFiles(root: string): string[] {
  return ['bluegreen', '.ci/run', ...globSync('**/*.sh', { cwd: root, exclude: ['node_modules/**', '.bluegreen/**'] })];
}

/** The dashboard has a tsconfig of its own, with the globals of a browser. */
async function types(root: string): Promise<Count> {
  const programs = await oneCheck(root, 'tsc', ['--noEmit']);
  const page = await oneCheck(root, 'tsc', ['--noEmit', '--project', 'dashboard']);
  return { passed: programs.passed + page.passed, failed: [...programs.failed, ...page.failed] };
}

async function oneCheck(root: string, command: string, args: readonly string[]): Promise<Count> {
  const { exitCode } = await execa(command, args, {
    cwd: root,
    preferLocal: true,
    localDir: root,
    stdio: 'inherit',
    reject: false,
  });
  return exitCode === 0 ? { passed: 1, failed: [] } : { passed: 0, failed: [`${command} ${args[0]}`] };
}

async function vitest(
  root: string,
  projects: readonly string[],
  live: boolean,
  more: readonly string[] = [],
): Promise<Count> {
  const directory = mkdtempSync(join(tmpdir(), 'bluegreen-test-'));
  const report = join(directory, 'report.json');
  try {
    const chosen = projects.map((project) => `--project=${project}`);
    const args = ['run', ...chosen, ...more, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const { exitCode, all } = await execa(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), ...args], {
      cwd: root,
      stdin: 'ignore',
      ...(live ? { stdout: 'inherit', stderr: 'inherit' } : { all: true }),
      reject: false,
    });
    if (all) process.stdout.write(`${String(all)}\n`);
    const { numPassedTests, testResults } = JSON.parse(readFileSync(report, 'utf8')) as Report;
    const failed = testResults.flatMap(({ name, assertionResults }) =>
      assertionResults
        .filter(({ status }) => status === 'failed')
        .map(({ fullName }) => `${relative(root, name)}: ${fullName}`),
    );
    // A run that failed outside any test (a hook, an unhandled error) is a failure too.
    if (exitCode !== 0 && failed.length === 0) failed.push(`${projects.join(', ')}: outside any test`);
    return { passed: numPassedTests, failed };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
