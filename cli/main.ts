import { Argument, Command, Help, Option } from 'commander';
import manifest from '../package.json' with { type: 'json' };
import { pools } from '../settings/pool.ts';
import { serviceNames } from '../settings/services.ts';
import {
  type ChaosMode,
  chaosModes,
  type ScenarioName,
  type Suite,
  scenarioNames,
  suites,
  wholeNumber,
} from './arguments.ts';
import type { RawProveOptions } from './commands/prove.ts';
import type { RawDeployOptions } from './deploy/options.ts';
import { chooseEngine } from './engine/choose.ts';
import type { Engine, EngineName, ServiceName } from './engine/engine.ts';
import { readStack, type Stack } from './stack/stack.ts';
import { explain } from './terminal/explain.ts';

const exitCode = { done: 0, failed: 1, misuse: 2 } as const;

const help = new Help();
const isNone = (value: unknown) => value === false || (Array.isArray(value) && value.length === 0);

const program = new Command('bluegreen')
  .description('blue/green deployment on plain Docker Compose, proved under load')
  .version(manifest.version)
  .addOption(
    new Option('--engine <name>', 'engine to use (default: the one that is running)').choices(['compose', 'host']),
  )
  .option('--env-file <file>', 'read settings from this file instead of .env')
  .exitOverride()
  // Without "(default: false)" and "(default: [])".
  .configureHelp({
    optionDescription: (option) => (isNone(option.defaultValue) ? option.description : help.optionDescription(option)),
  })
  .showHelpAfterError('Try ./bluegreen --help');

const pool = (description: string) => new Argument('<pool>', description).choices(pools);

/** The stack and its engine. Read when a command runs, so that --help works with invalid settings. */
async function current(): Promise<{ stack: Stack; engine: Engine }> {
  const options = program.opts<{ engine?: EngineName; envFile?: string }>();
  const stack = readStack(options.envFile);
  return { stack, engine: await chooseEngine(stack, options.engine) };
}

/** Sets the exit code of a command that answers a question: 1 for no, without an error message. */
function answer(yes: boolean): void {
  process.exitCode = yes ? exitCode.done : exitCode.failed;
}

// Each command is loaded when it runs. Loading all of them would take a quarter of the run time of most commands.

program
  .command('up')
  .description('start the stack, or apply changed settings; wait until it serves')
  .action(async () => {
    const { stack, engine } = await current();
    const { up } = await import('./commands/up.ts');
    await up(stack, engine);
  });

program
  .command('down')
  .description('stop the stack')
  .option('--volumes', 'also delete its state: which pool is active, logs, history', false)
  .option('--force', 'stop the stack even while a deploy is running', false)
  .action(async (options: { volumes: boolean; force: boolean }) => {
    const { stack, engine } = await current();
    const { down } = await import('./commands/down.ts');
    await down(stack, engine, options);
  });

program
  .command('status')
  .description('show which pool is active, the state of both pools, and every service')
  .option('--json', 'print JSON', false)
  .action(async (options: { json: boolean }) => {
    const { stack, engine } = await current();
    const { status } = await import('./commands/status.ts');
    answer(await status(stack, engine, options));
  });

program
  .command('watch')
  .description('show the status live, and a line for each event; press Ctrl-C to stop')
  .action(async () => {
    const { stack, engine } = await current();
    const { watch } = await import('./commands/watch.ts');
    await watch(stack, engine);
  });

program
  .command('switch')
  .description('make a pool active, immediately')
  .addArgument(pool('pool to make active'))
  .option('--force', 'switch even if the pool is unhealthy or a deploy is running', false)
  .action(async (target: (typeof pools)[number], options: { force: boolean }) => {
    const { stack, engine } = await current();
    const { switchTo } = await import('./commands/switch.ts');
    await switchTo(stack, engine, target, options);
  });

const collect = (value: string, earlier: string[]) => [...earlier, value];

program
  .command('deploy')
  .description('deploy a release to the standby pool, check it, switch traffic, monitor it, roll back if it fails')
  .option('--image <image>', "image to run (default: the active pool's image)")
  .option('--release <id>', "name of the release (default: the image's tag, or the time)")
  .option(
    '--smoke <command>',
    'command that must exit with 0; gets BASE_URL and RELEASE_ID in its environment (repeatable)',
    collect,
    [],
  )
  .option('--smoke-path <path>', 'path that must answer 2xx through the edge (repeatable)', collect, [])
  .option(
    '--canary <shares>',
    'shares of the visitors that get the release first, such as 5% or 5%,25%,50%; each lasts for the time of --bake',
  )
  .option('--bake <time>', 'how long to monitor the release after the switch', '30s')
  .option('--max-error-rate <percent>', "roll back if more of the release's requests fail", '1%')
  .option('--no-switch', 'leave the release on the standby pool')
  .option('-y, --yes', 'do not ask for confirmation', false)
  .action(async (options: RawDeployOptions) => {
    const { stack, engine } = await current();
    const { deploy } = await import('./commands/deploy.ts');
    await deploy(stack, engine, options);
  });

program
  .command('rollback')
  .description('make the previously active pool active again, immediately')
  .option(
    '--force',
    'roll back even if the pool is unhealthy, its release was never active, or a deploy is running',
    false,
  )
  .action(async (options: { force: boolean }) => {
    const { stack, engine } = await current();
    const { rollback } = await import('./commands/rollback.ts');
    await rollback(stack, engine, options);
  });

program
  .command('canary')
  .description('start a canary: send a share of the visitors to the standby pool; "off" ends it')
  .argument('<share>', 'percentage such as 10%, or off')
  .option('--force', 'start or end it even if the standby is unhealthy or a deploy is running', false)
  .action(async (share: string, options: { force: boolean }) => {
    const { stack, engine } = await current();
    const { canary } = await import('./commands/canary.ts');
    await canary(stack, engine, share, options);
  });

program
  .command('history')
  .description('list past deploys, switches and other operations: who ran them and how they ended')
  .option('-n, --lines <count>', 'number of entries', '20')
  .option('--json', 'print JSON', false)
  .action(async (options: { lines: string; json: boolean }) => {
    const { engine } = await current();
    const { history } = await import('./commands/history.ts');
    await history(engine, { json: options.json, lines: wholeNumber('--lines', options.lines) });
  });

program
  .command('maintenance')
  .description('turn the maintenance page on or off')
  .addArgument(new Argument('<on|off>').choices(['on', 'off']))
  .action(async (state: 'on' | 'off') => {
    const { stack, engine } = await current();
    const { maintenance } = await import('./commands/maintenance.ts');
    await maintenance(stack, engine, state);
  });

program
  .command('mute')
  .description('send no alerts for a time')
  .argument('<time>', 'duration such as 30m')
  .action(async (time: string) => {
    const { stack, engine } = await current();
    const { mute } = await import('./commands/mute.ts');
    await mute(stack, engine, time);
  });

program
  .command('unmute')
  .description('send alerts again')
  .action(async () => {
    const { stack, engine } = await current();
    const { unmute } = await import('./commands/mute.ts');
    await unmute(stack, engine);
  });

program
  .command('alerts')
  .description('send a test alert to every channel and report whether it arrived')
  .addArgument(new Argument('<action>').choices(['test']))
  .action(async () => {
    const { stack, engine } = await current();
    const { testAlerts } = await import('./commands/alerts.ts');
    answer(await testAlerts(stack, engine));
  });

program
  .command('chaos')
  .description('break a pool on purpose; "stop" repairs it')
  .addArgument(pool('pool to break'))
  .addArgument(new Argument('<mode>', 'fault to inject, or stop').choices(chaosModes))
  .action(async (target: (typeof pools)[number], mode: ChaosMode) => {
    const { stack, engine } = await current();
    const { chaos } = await import('./commands/chaos.ts');
    await chaos(stack, engine, target, mode);
  });

program
  .command('logs')
  .description('show the output of the services; "access" shows the access log')
  .addArgument(new Argument('[service]', 'service to show (default: all)').choices([...serviceNames, 'access']))
  .option('-f, --follow', 'follow the output', false)
  .option('-n, --lines <count>', 'number of lines', '50')
  .action(async (service: ServiceName | 'access' | undefined, options: { follow: boolean; lines: string }) => {
    const lines = wholeNumber('--lines', options.lines);
    const { engine } = await current();
    await engine.logs(service, { follow: options.follow, lines });
  });

program
  .command('backup')
  .description('write settings, state and certificates into one archive; the stack may run meanwhile')
  .argument('<file>', 'archive to write, such as bluegreen.tar.gz')
  .option('--force', 'overwrite the file if it exists', false)
  .action(async (file: string, options: { force: boolean }) => {
    const { stack, engine } = await current();
    const { backup } = await import('./commands/backup.ts');
    await backup(stack, engine, file, options);
  });

program
  .command('restore')
  .description('put settings, state and certificates of a backup in place, on either engine; the stack must be down')
  .argument('<file>', 'archive that "backup" has written')
  .option('--keep-env', 'restore the state only, and keep .env, app.env and acme.env', false)
  .option('--force', 'replace the state of a stack that has one', false)
  .action(async (file: string, options: { force: boolean; keepEnv: boolean }) => {
    const { stack, engine } = await current();
    const { restore } = await import('./commands/restore.ts');
    await restore(stack, engine, file, options);
  });

program
  .command('prove')
  .description('break the running stack in every known way under load, and check every request and alert')
  .addArgument(new Argument('[scenario...]', 'scenarios to run (default: all)').choices(scenarioNames))
  .option('--rate <count>', 'requests per second, sent on schedule', '400')
  .option('--connections <count>', 'additional clients that pause between requests', '50')
  .option('--seconds <count>', 'how long each fault lasts', '12')
  .option('--json', 'print one JSON document', false)
  .action(async (names: ScenarioName[], options: RawProveOptions) => {
    const { stack, engine } = await current();
    const { prove } = await import('./commands/prove.ts');
    answer(await prove(stack, engine, names, options));
  });

program
  .command('doctor')
  .description('check this setup for problems')
  .action(async () => {
    const { stack, engine } = await current();
    const { doctor } = await import('./commands/doctor.ts');
    answer(await doctor(stack, engine));
  });

program
  .command('test')
  .description('run the tests')
  .addArgument(new Argument('[suite...]', 'test suites to run (default: all that can run here)').choices(suites))
  .action(async (chosen: Suite[]) => {
    const { test } = await import('./commands/test.ts');
    answer(await test(readStack(program.opts<{ envFile?: string }>().envFile), chosen));
  });

// The reader of the output may close it early, as in "| head".
process.stdout.on('error', (error: NodeJS.ErrnoException) =>
  process.exit(error.code === 'EPIPE' ? exitCode.done : exitCode.failed),
);

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCode[explain(error)];
}
