import { pino } from 'pino';
import { readConfig } from '../certificates/config.ts';
import { startCertificates } from '../certificates/main.ts';
import type { Options } from '../certificates/options.ts';
import { startProgram } from '../system/program.ts';

// The program `certificates` as a process of its own, with options that are not for users. Its only argument: the options as JSON.
startProgram('certificates', () => {
  const options = JSON.parse(process.argv[2] ?? '') as Options;
  return startCertificates(readConfig(), options, { env: process.env, log: pino({ base: null }) });
});
