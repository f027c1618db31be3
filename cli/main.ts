import { Argument, Command, Option } from 'commander';
import { pools } from '../settings/pool.ts';
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
import { type Engine, type EngineName, type ServiceName, serviceNames } from './engine/engine.ts';
import { readStack, type Stack } from './stack/stack.ts';
import { explain } from './terminal/explain.ts';

const exitCode = { done: 0, failed: 1, misuse: 2 } as const;

const program = new Command('bluegreen')
  .description('Blue/green deployment on plain Docker Compose, proved under load')
  .addOption(
    new Option('--engine <name>', 'where the stack runs; by itself: what runs it now').choices(['compose', 'host']),
  )
  .option('--env-file <file>', 'read this file in place of .env')
  .exitOverride()
  .showHelpAfterError('Try ./bluegreen --help');

const pool = () => new Argument('<pool>').choices(pools);

/** What a command needs to know of the stack; read when a command runs, so that --help always works. */
async function current(): Promise<{ stack: Stack; engine: Engine }> {
  const options = program.opts<{ engine?: EngineName; envFile?: string }>();
  const stack = readStack(options.envFile);
  return { stack, engine: await chooseEngine(stack, options.engine) };
}

/** Some commands answer a question; no is exit code 1 without an error of its own. */
function answer(yes: boolean): void {
  process.exitCode = yes ? exitCode.done : exitCode.failed;
}

// Each is loaded when it runs: to load them all would be a quarter of the time of most.

program
  .command('up')
  .description('start the stack, or bring a running one up to date; returns when it serves')
  .action(async () => {
    const { stack, engine } = await current();
    const { up } = await import('./commands/up.ts');
    await up(stack, engine);
  });

program
  .command('down')
  .description('stop the stack')
  .option('--volumes', 'also delete its state: the active colour, logs, what the watcher remembers', false)
  .option('--force', 'even while a deploy is going on', false)
  .action(async (options: { volumes: boolean; force: boolean }) => {
    const { stack, engine } = await current();
    const { down } = await import('./commands/down.ts');
    await down(stack, engine, options);
  });

program
  .command('status')
  .description('the active colour, both pools, every service')
  .option('--json', 'for scripts', false)
  .action(async (options: { json: boolean }) => {
    const { stack, engine } = await current();
    const { status } = await import('./commands/status.ts');
    answer(await status(stack, engine, options));
  });

program
  .command('watch')
  .description('the same, live, and one line for each thing that happens; Ctrl-C ends it')
  .action(async () => {
    const { stack, engine } = await current();
    const { watch } = await import('./commands/watch.ts');
    await watch(stack, engine);
  });

program
  .command('switch')
  .description('make a colour the active one, at once')
  .addArgument(pool())
  .option('--force', 'even if it is not healthy', false)
  .action(async (target: (typeof pools)[number], options: { force: boolean }) => {
    const { stack, engine } = await current();
    const { switchTo } = await import('./commands/switch.ts');
    await switchTo(stack, engine, target, options);
  });

const collect = (value: string, earlier: string[]) => [...earlier, value];

program
  .command('deploy')
  .description(
    'bring a release to the idle colour, check it, switch to it, watch it, and go back by itself if it fails',
  )
  .option('--image <image>', 'the image to run; by itself: the one that the active colour runs')
  .option('--release <id>', "its name; by itself: the image's tag, or the time")
  .option(
    '--smoke <command>',
    'must end with 0; has BASE_URL and RELEASE_ID in its environment (repeatable)',
    collect,
    [],
  )
  .option('--smoke-path <path>', 'must be 2xx, asked for through the edge (repeatable)', collect, [])
  .option('--canary <shares>', 'first so much of the visitors, such as 5% or 5%,25%,50%; each for --bake')
  .option('--bake <time>', 'watch it for so long after the switch', '30s')
  .option('--max-error-rate <percent>', 'go back when more of its requests fail', '1%')
  .option('--no-switch', 'leave it on the idle colour')
  .option('-y, --yes', 'do not ask', false)
  .action(async (options: RawDeployOptions) => {
    const { stack, engine } = await current();
    const { deploy } = await import('./commands/deploy.ts');
    await deploy(stack, engine, options);
  });

program
  .command('rollback')
  .description('go back to the colour that was active before, at once')
  .option('--force', 'even if it is not healthy', false)
  .action(async (options: { force: boolean }) => {
    const { stack, engine } = await current();
    const { rollback } = await import('./commands/rollback.ts');
    await rollback(stack, engine, options);
  });

program
  .command('canary')
  .description('send a share of the visitors to the idle colour; "off" ends it')
  .argument('<share>', 'such as 10%, or off')
  .option('--force', 'even if it is not healthy, or a deploy is going on', false)
  .action(async (share: string, options: { force: boolean }) => {
    const { stack, engine } = await current();
    const { canary } = await import('./commands/canary.ts');
    await canary(stack, engine, share, options);
  });

program
  .command('history')
  .description('what was deployed, switched and rolled back, by whom, and how it ended')
  .option('-n, --lines <count>', 'how many of the last', '20')
  .option('--json', 'for scripts', false)
  .action(async (options: { lines: string; json: boolean }) => {
    const { engine } = await current();
    const { history } = await import('./commands/history.ts');
    await history(engine, { json: options.json, lines: wholeNumber('--lines', options.lines) });
  });

program
  .command('maintenance')
  .description('answer visitors with the maintenance page, or no longer')
  .addArgument(new Argument('<word>').choices(['on', 'off']))
  .action(async (word: 'on' | 'off') => {
    const { stack, engine } = await current();
    const { maintenance } = await import('./commands/maintenance.ts');
    await maintenance(stack, engine, word);
  });

program
  .command('mute')
  .description('hold alerts back for a while')
  .argument('<time>', 'such as 30m')
  .action(async (time: string) => {
    const { stack, engine } = await current();
    const { mute } = await import('./commands/mute.ts');
    await mute(stack, engine, time);
  });

program
  .command('unmute')
  .description('let alerts through again')
  .action(async () => {
    const { stack, engine } = await current();
    const { unmute } = await import('./commands/mute.ts');
    await unmute(stack, engine);
  });

program
  .command('alerts')
  .description('"test" sends a message through every channel, and tells whether it has arrived')
  .addArgument(new Argument('<word>').choices(['test']))
  .action(async () => {
    const { stack, engine } = await current();
    const { testAlerts } = await import('./commands/alerts.ts');
    answer(await testAlerts(stack, engine));
  });

program
  .command('chaos')
  .description('break a pool on purpose; "stop" heals it')
  .addArgument(pool())
  .addArgument(new Argument('<mode>').choices(chaosModes))
  .action(async (target: (typeof pools)[number], mode: ChaosMode) => {
    const { stack, engine } = await current();
    const { chaos } = await import('./commands/chaos.ts');
    await chaos(stack, engine, target, mode);
  });

program
  .command('logs')
  .description('what the services print; "access" is the access log')
  .addArgument(new Argument('[service]').choices([...serviceNames, 'access']))
  .option('-f, --follow', 'go on as it grows', false)
  .option('-n, --lines <count>', 'how many of the last lines', '50')
  .action(async (service: ServiceName | 'access' | undefined, options: { follow: boolean; lines: string }) => {
    const lines = wholeNumber('--lines', options.lines);
    const { engine } = await current();
    await engine.logs(service, { follow: options.follow, lines });
  });

program
  .command('prove')
  .description('break the running stack in every way there is, under load, and judge every request')
  .addArgument(new Argument('[scenario...]').choices(scenarioNames))
  .option('--rate <count>', 'requests a second that leave on schedule', '400')
  .option('--connections <count>', 'clients beside that, which think between an answer and the next request', '50')
  .option('--seconds <count>', 'how long a fault lasts', '12')
  .option('--json', 'one document with everything, for scripts', false)
  .action(async (names: ScenarioName[], options: RawProveOptions) => {
    const { stack, engine } = await current();
    const { prove } = await import('./commands/prove.ts');
    answer(await prove(stack, engine, names, options));
  });

program
  .command('doctor')
  .description('find what is wrong with this setup')
  .action(async () => {
    const { stack, engine } = await current();
    const { doctor } = await import('./commands/doctor.ts');
    answer(await doctor(stack, engine));
  });

program
  .command('test')
  .description('every test that can run here, or the suites that are named')
  .addArgument(new Argument('[suite...]').choices(suites))
  .action(async (chosen: Suite[]) => {
    const { test } = await import('./commands/test.ts');
    answer(await test(readStack(program.opts<{ envFile?: string }>().envFile), chosen));
  });

// Whoever reads the output may have seen enough, as in "| head".
process.stdout.on('error', (error: NodeJS.ErrnoException) =>
  process.exit(error.code === 'EPIPE' ? exitCode.done : exitCode.failed),
);

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCode[explain(error)];
}
